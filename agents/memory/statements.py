"""The one statement of a recall: two lists, by meaning and by words, made one by their ranks.

Everything runs behind the tenant's wall, and each list is taken of what can be seen from where one stands.
"""

from functools import cache

from agents.memory.reach import VISIBLE
from agents.models import Memory
from agents.models.memory_vector import INDEXED_DIMENSIONS

POOL = 50  # of each list take part in the fusion
# Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009): 1 / (60 + rank), added over both lists.
RANK_CONSTANT = 60
# The newest counts as it is, a very old one four fifths; half of the difference is lost in thirty days.
OLDEST_COUNTS, HALF_LIFE_DAYS = 0.8, 30
# Importance 0 counts four fifths, 0.5 as it is, 1 six fifths.
UNIMPORTANT_COUNTS, IMPORTANCE_ADDS = 0.8, 0.4
# The index serves many tenants: its search passes rows of others, and topics of this one that are not the nearest.
SEARCH_WIDTH = 800

SEARCH = f"SET LOCAL hnsw.iterative_scan = 'relaxed_order'; SET LOCAL hnsw.ef_search = {SEARCH_WIDTH}"
COUNT = """SELECT count(*) FROM (SELECT 1 FROM agents_memoryvector
  WHERE tenant_id = %(tenant)s AND model = %(model)s LIMIT %(limit)s) AS mine"""

# `+ 0` keeps the index out, which the planner would use for a small tenant as well.
EXACT = f"""nearest AS MATERIALIZED (
  SELECT v.memory_id AS id, (v.pattern <=> %(pattern)s::halfvec) + 0 AS distance
  FROM agents_memoryvector v JOIN agents_memory m ON m.tenant_id = v.tenant_id AND m.id = v.memory_id
  WHERE v.tenant_id = %(tenant)s AND v.model = %(model)s AND v.dimensions = %(dimensions)s AND {VISIBLE}
  ORDER BY distance LIMIT %(pool)s)"""
# The sub-select is looked into row by row, in the order of the index: a join might be done in another order.
INDEXED = f"""nearest AS MATERIALIZED (
  SELECT v.memory_id AS id, v.pattern::halfvec({{width}}) <=> %(pattern)s::halfvec({{width}}) AS distance
  FROM agents_memoryvector v
  WHERE v.tenant_id = %(tenant)s AND v.model = %(model)s AND v.dimensions = {{width}}
    AND (SELECT {VISIBLE} FROM agents_memory m WHERE m.tenant_id = v.tenant_id AND m.id = v.memory_id)
  ORDER BY v.pattern::halfvec({{width}}) <=> %(pattern)s::halfvec({{width}}) LIMIT %(pool)s)"""
NOTHING_NEAR = "nearest AS (SELECT NULL::uuid AS id, NULL::float8 AS distance WHERE false)"
NOTHING_SAID = (
    "worded AS (SELECT NULL::uuid AS id, NULL::float8 AS covered, NULL::bigint AS place WHERE false)"
)

# Materialised, so that ids are plain columns: behind row security a condition on a COALESCE may not use an index.
FUSED = f"""
ranked AS (SELECT id, distance, row_number() OVER (ORDER BY distance, id DESC) AS place FROM nearest),
fused AS MATERIALIZED (
  SELECT id, r.distance, r.place AS vector_rank, w.place AS text_rank, w.covered
  FROM ranked r FULL JOIN worded w USING (id)),
known AS MATERIALIZED (
  SELECT f.id, vector_rank, text_rank, covered, 1 - coalesce(f.distance,
      (SELECT v.pattern <=> %(pattern)s::halfvec FROM agents_memoryvector v WHERE v.tenant_id = %(tenant)s
         AND v.memory_id = f.id AND v.model = %(model)s AND v.dimensions = %(dimensions)s)) AS similarity
  FROM fused f),
weighed AS (
  SELECT k.*, {OLDEST_COUNTS} + {1 - OLDEST_COUNTS:.2f} * power(0.5, greatest(0,
      extract(epoch FROM now() - greatest(m.created, m.edited))) / 86400 / {HALF_LIFE_DAYS})::float8 AS recency,
    {UNIMPORTANT_COUNTS} + {IMPORTANCE_ADDS} * m.importance AS weight
  FROM known k JOIN agents_memory m ON m.tenant_id = %(tenant)s AND m.id = k.id
  WHERE similarity >= %(at_least)s OR covered >= %(covered)s),
best AS (
  SELECT *, (coalesce(1.0::float8 / ({RANK_CONSTANT} + vector_rank), 0) + coalesce(1.0::float8 / ({RANK_CONSTANT} + text_rank), 0))
    * recency * weight AS score
  FROM weighed ORDER BY score DESC, similarity DESC NULLS LAST, id DESC LIMIT %(limit)s)
SELECT {{columns}}, p.slug AS project_slug, s.execution_id AS execution, b.similarity, b.covered, b.vector_rank,
  b.text_rank, b.recency, b.weight, b.score, seen.near
FROM (SELECT count(*) AS near FROM nearest) seen LEFT JOIN best b ON true
LEFT JOIN agents_memory m ON m.tenant_id = %(tenant)s AND m.id = b.id
LEFT JOIN deployments_project p ON p.tenant_id = m.tenant_id AND p.id = m.project_id
LEFT JOIN agents_step s ON s.tenant_id = m.tenant_id AND s.id = m.step_id
ORDER BY b.score DESC, b.similarity DESC NULLS LAST, b.id DESC"""


@cache
def statement(*, by_meaning: str, terms: int, dimensions: int) -> str:
    """Return the statement. `by_meaning` is exact, indexed or nothing; `terms` is the number of words looked for."""
    near = {"exact": EXACT, "nothing": NOTHING_NEAR}.get(by_meaning) or INDEXED.format(width=dimensions)
    # `words` is left in the database: it is read by nobody but this statement.
    columns = ", ".join(f"m.{field.column}" for field in Memory._meta.concrete_fields)
    return f"WITH {near}, {_worded(terms)}, {FUSED.format(columns=columns)}"


def indexed(dimensions: int) -> bool:
    """Whether vectors of so many numbers have an index."""
    return dimensions in INDEXED_DIMENSIONS


def _worded(terms: int) -> str:
    """Rows that hold any of the words; a word counts the more, the fewer of those rows hold it."""
    if not terms:
        return NOTHING_SAID
    queries = [f"phraseto_tsquery('simple', %(term_{n})s)" for n in range(terms)]
    holds = ", ".join(f"(m.words @@ {query})::int AS h{n}" for n, query in enumerate(queries))
    weights = ", ".join(f"ln(1 + count(*)::float8 / nullif(sum(h{n}), 0)) AS w{n}" for n in range(terms))
    held = " + ".join(f"h{n} * coalesce(w{n}, 0)" for n in range(terms))
    whole = " + ".join(f"coalesce(w{n}, 0)" for n in range(terms))
    return f"""
holding AS MATERIALIZED (
  SELECT m.id, {holds} FROM agents_memory m WHERE {VISIBLE} AND m.words @@ ({" || ".join(queries)})),
rarity AS (SELECT {weights} FROM holding),
most AS (SELECT id, {held} AS held, {whole} AS whole FROM holding, rarity ORDER BY held DESC, id DESC LIMIT %(pool)s),
worded AS (
  SELECT id, held / nullif(whole, 0) AS covered, row_number() OVER (ORDER BY held DESC, id DESC) AS place FROM most)"""
