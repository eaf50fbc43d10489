
import csv, json, math, os, sys
import pandas as pd
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

path, plot, wished = sys.argv[1], sys.argv[2], [word for word in sys.argv[3].split() if word]

def number(value):
    value = float(value)
    return None if math.isnan(value) or math.isinf(value) else round(value, 6)

with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
    sample = file.read(65536)
try:
    separator = csv.Sniffer().sniff(sample, delimiters=",;\t|").delimiter
except csv.Error:
    separator = ","
table = pd.read_csv(path, sep=separator, encoding="utf-8-sig", encoding_errors="replace", skipinitialspace=True)
table.columns = [str(name).strip() for name in table.columns]
dates = {}
for name in table.columns:
    if not pd.api.types.is_numeric_dtype(table[name]):
        read = pd.to_datetime(table[name], errors="coerce", format="mixed")
        if len(table) and read.notna().mean() > 0.95:
            dates[name] = read
columns = []
for name in table.columns:
    one = table[name]
    told = {"name": name, "missing": int(one.isna().sum()), "distinct": int(one.nunique())}
    if pd.api.types.is_bool_dtype(one):
        told |= {"kind": "yes or no", "yes": int(one.sum())}
    elif pd.api.types.is_numeric_dtype(one):
        told |= {"kind": "number", "sum": number(one.sum()), "mean": number(one.mean()), "median": number(one.median()),
                 "least": number(one.min()), "most": number(one.max()), "spread": number(one.std())}
    elif name in dates:
        told |= {"kind": "date", "first": str(dates[name].min())[:19], "last": str(dates[name].max())[:19]}
    else:
        top = one.value_counts().head(5)
        told |= {"kind": "text", "most_frequent": [[str(key), int(count)] for key, count in top.items()]}
    columns.append(told)
numeric = [one["name"] for one in columns if one["kind"] == "number"]
again = {}
with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
    rows = list(csv.reader(file, delimiter=separator, skipinitialspace=True))
head, body = [name.strip() for name in rows[0]], [row for row in rows[1:] if row]
for name in numeric:
    values = [row[head.index(name)].strip() for row in body if len(row) > head.index(name)]
    try:
        again[name] = number(sum(float(value) for value in values if value and value.lower() not in {"nan", "na", "null", "none"}))
    except ValueError:
        again[name] = None
related = []
for index, first in enumerate(numeric):
    for second in numeric[index + 1:]:
        strength = table[first].corr(table[second])
        if strength == strength and len(table) > 2:
            related.append([first, second, number(strength)])
related.sort(key=lambda one: -abs(one[2]))

def wanted(names):
    asked = [name for name in names if name.lower() in wished or any(part in wished for part in name.lower().replace("_", " ").split())]
    return (asked or list(names) or [None])[0]

groups = [one["name"] for one in columns if one["kind"] == "text" and 1 < one["distinct"] <= 40]
value, date, group = wanted(numeric), wanted(dates), wanted(groups)
shown = None
figure, axes = plt.subplots(figsize=(8, 4.5), dpi=120)
grouped = []
if value and group:
    sums = table.groupby(group)[value].sum().sort_values(ascending=False)
    grouped = [[str(key), number(total)] for key, total in sums.head(12).items()]
if value and date and not (group and group.lower() in wished):
    over = table[value].groupby(dates[date]).sum().sort_index()
    axes.plot(over.index, over.values, marker="o" if len(over) < 60 else None)
    shown = f"{value} over {date}"
    figure.autofmt_xdate()
elif grouped:
    axes.bar([key for key, _ in grouped], [total for _, total in grouped])
    axes.tick_params(axis="x", rotation=30)
    shown = f"sum of {value} by {group}"
elif value:
    axes.hist(table[value].dropna(), bins=min(30, max(5, int(len(table) ** 0.5))))
    shown = f"how often which {value} occurs"
elif groups or len(table.columns):
    name = group or table.columns[0]
    counts = table[name].value_counts().head(12)
    axes.bar([str(key) for key in counts.index], counts.values)
    axes.tick_params(axis="x", rotation=30)
    shown = f"number of rows by {name}"
axes.set_title(shown or "")
figure.tight_layout()
os.makedirs(os.path.dirname(plot) or ".", exist_ok=True)
figure.savefig(plot)
print(json.dumps({"rows": len(table), "rows_counted_again": len(body), "columns": columns, "sums_counted_again": again,
                  "related": related[:5], "by_group": {"group": group, "value": value, "sums": grouped}, "plot": shown}))
