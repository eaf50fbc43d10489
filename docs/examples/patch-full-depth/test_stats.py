import pytest

from stats import mean


def test_empty():
    with pytest.raises(ValueError):
        mean([])


def test_mean():
    assert mean([1.0, 3.0]) == pytest.approx(2.0)
