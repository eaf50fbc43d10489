"""What the request says of count_words."""

import unittest

from wordtools.count_words import count_words


class CountWordsTest(unittest.TestCase):
    def test_1(self):
        self.assertEqual(count_words('a b'), 2)

    def test_2(self):
        self.assertEqual(count_words(''), 0)

    def test_3(self):
        self.assertEqual(count_words('one two three'), 3)

    def test_4(self):
        self.assertEqual(count_words(''), 0)

    def test_5(self):
        self.assertEqual(count_words('two  words'), 2)

    def test_6(self):
        self.assertEqual(count_words('line one\nline two'), 4)
