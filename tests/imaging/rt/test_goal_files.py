import pytest

from imaging.errors import InputError
from imaging.rt import Metric
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.goal_files import protocol, protocol_names, read_goals
from imaging.rt.metrics.goals import Outcome
from tests.imaging.rt.ramps import ramp

YAML = """
title: Breast, left
citation: Somebody, Journal 2020
doi: 10.1000/1
prescription: 40 Gy in 15 fractions
aliases:
  Heart: [H*rz gesamt]
goals:
  Heart:
    - {goal: "Dmean[Gy] < 4 | < 5", priority: 1, comment: cardiac events}
    - V20Gy[%] <= 5
  PTV*: "D95%[Gy] >= 38 | >= 36"
"""
CSV = """\
# left breast
structure,goal,patterns,priority,comment
Heart,Dmean[Gy] < 4 Gy | < 5 Gy,H*rz gesamt,1,cardiac events

Heart,V20Gy[%] <= 5 %,H*rz gesamt,,
PTV*,D95%[Gy] ≥ 38 | ≥ 36,,,
"""
CSV_IN_COLUMNS = """\
Structure;Metric;Comparison;Ideal;Acceptable;Patterns;Priority;Comment
Heart;Dmean[Gy];<;4;5;H*rz gesamt;1;cardiac events
Heart;V20Gy[%];<=;5;;H*rz gesamt;;
PTV*;D95%[Gy];>=;38;36;;;
;;;;;;;
"""


def written(folder, text, name="goals.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_and_both_forms_of_csv_say_the_same(tmp_path):
    table = read_goals(written(tmp_path, YAML))

    assert [f"{goal.structure}: {goal.text}" for goal in table.goals] == [
        "Heart: Dmean[Gy] < 4 | < 5",
        "Heart: V20Gy[%] <= 5",
        "PTV*: D95%[Gy] >= 38 | >= 36",
    ]
    assert (table.title, table.doi) == ("Breast, left", "10.1000/1")
    assert (table.goals[0].priority, table.goals[0].comment) == (1, "cardiac events")
    assert {"H*rz gesamt", "coeur"} <= set(table.goals[0].patterns)
    for text in (CSV, CSV_IN_COLUMNS):
        assert read_goals(written(tmp_path, text, "goals.csv")).goals == table.goals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("goals: {Heart: [Dmean < 4]}", ["goals.yaml, title", "Field required"]),
        ("title: T\ngoals: {}", ["goals.yaml, goals"]),
        ("title: T\ngols: {Heart: [Dmean < 4]}", ["goals.yaml, goals", "Field required"]),
        ("title: T\nauthor: x\ngoals: {Heart: Dmean < 4}", ["goals.yaml, author"]),
        ("title: T\ngoals: {Heart: 4}", ["goals.yaml, goals > Heart"]),
        ("title: T\ngoals: {Heart: [{goal: Dmean < 4, priority: 0}]}", ["Heart > 0 > priority"]),
        ("title: T\ngoals:\n  Heart: [Dmean 4]", ["goals.yaml, Heart", "compares nothing"]),
        ("title: T\ngoals:\n  *PTV: [Dmean < 4]", ["goals.yaml, line 3", "no valid YAML"]),
        (
            "title: T\ngoals:\n  Heart: [Dmean < 4]\n  heart: [V5Gy < 4]",
            ["goals.yaml, line 4", "heart is there twice"],
        ),
        (
            "title: T\naliases: {Hart: [x]}\ngoals: {Heart: Dmean < 4}",
            ["goals.yaml", "aliases for Hart"],
        ),
        ("", ["goals.yaml, the file", "title: Thorax"]),
    ],
)
def test_a_wrong_yaml_file_is_refused_with_the_place(tmp_path, text, said):
    with pytest.raises(InputError) as refusal:
        read_goals(written(tmp_path, text))

    assert all(part in str(refusal.value) for part in said), refusal.value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["goals.csv", "(none)", "structure, goal"]),
        ("structure,goal\n", ["goals.csv holds no goal"]),
        ("structure,gaol\nHeart,Dmean < 4", ["structure, gaol", "structure, goal"]),
        ("structure,goal,limit\nHeart,Dmean < 4,5", ["structure, goal, limit"]),
        ("structure,goal\n\n# x\nHeart,Dmean 4", ["goals.csv, line 4", "compares nothing"]),
        ("structure,goal\nHeart,Dmean < 4,5", ["goals.csv, line 2", "more or fewer columns"]),
        ("structure,goal\n,Dmean < 4", ["goals.csv, line 2", "no structure"]),
        ("structure,goal,priority\nHeart,Dmean < 4,high", ["line 2", "priority 'high'"]),
        ("structure,goal,priority\nHeart,Dmean < 4,0", ["line 2", "priority '0'"]),
        ("structure,goal,goal\nHeart,Dmean < 4,Dmax < 9", ["structure, goal, goal", "each once"]),
        ('structure,goal\nHeart,"Dmean < 4', ["goals.csv", "no valid CSV"]),
    ],
)
def test_a_wrong_csv_file_is_refused_with_the_line(tmp_path, text, said):
    with pytest.raises(InputError) as refusal:
        read_goals(written(tmp_path, text, "goals.csv"))

    assert all(part in str(refusal.value) for part in said), refusal.value


def test_a_spreadsheet_may_part_columns_with_tabs_and_begin_with_a_mark(tmp_path):
    text = "\ufeffstructure\tgoal\tpatterns\nHeart\tDmean < 4\tH*rz ges | Cor\n"

    (goal,) = read_goals(written(tmp_path, text, "goals.csv")).goals
    assert goal.text == "Dmean[Gy] < 4"
    assert goal.patterns[:3] == ("Heart", "H*rz ges", "Cor")


def test_a_file_that_is_missing_or_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"absent.yaml cannot be read: No such file"):
        read_goals(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match=r"neither YAML .* nor CSV"):
        read_goals(written(tmp_path, "x", "goals.txt"))
    (tmp_path / "latin.csv").write_bytes("structure,goal\nKörper,Dmax < 1".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_goals(tmp_path / "latin.csv")


def test_a_table_takes_further_names_of_its_structures():
    table = protocol("fast-forward").with_aliases({"lung_ipsi": ["Lung_L"]})
    dvhs = [ramp(0, 10, name="Lung_L"), ramp(0, 1, name="Lung_R")]

    (result,) = [r for r in table.score(dvhs, PlanContext()) if r.goal.structure == "Lung_Ipsi"]
    assert result.roi_name == "Lung_L"
    assert result.value == pytest.approx(20)
    dvhs.append(ramp(0, 10, name="Lung_Ipsi"))
    results = [r for r in table.score(dvhs, PlanContext()) if r.goal.structure == "Lung_Ipsi"]
    assert [r.roi_name for r in results] == ["Lung_L", "Lung_Ipsi"]
    with pytest.raises(InputError, match=r"no goal for liver\. It has goals for PTV\*, Lung_Ipsi"):
        table.with_aliases({"Liver": ["Leber"]})


@pytest.mark.parametrize("name", protocol_names())
def test_every_protocol_is_cited_and_each_of_its_goals_is_scored(name):
    table = protocol(name)
    dvhs = [ramp(1, 80, cc=1000, name=goal.structure.replace("*", "")) for goal in table.goals]

    results = table.score(dvhs, PlanContext(prescription_gy=26.0))
    assert {result.goal for result in results} == set(table.goals)
    assert Outcome.NOT_EVALUATED not in {result.outcome for result in results}
    assert table.doi in ("10.1016/j.ijrobp.2009.07.1754", "10.1016/S0140-6736(20)30932-6")
    assert table.title
    assert table.citation
    assert table.prescription


def test_protocols_hold_the_published_limits():
    lungs = [goal for goal in protocol("quantec-thorax").goals if goal.structure == "Lungs"]
    rectum = [goal for goal in protocol("quantec-pelvis").goals if goal.structure == "Rectum"]

    assert [goal.text for goal in lungs] == ["V20Gy[%] <= 30", "Dmean[Gy] <= 13 | <= 20"]
    assert [(goal.metric.amount, goal.ideal) for goal in rectum] == [
        (50, 50),
        (60, 35),
        (65, 25),
        (70, 20),
        (75, 15),
    ]
    assert protocol("fast-forward").goals[0].metric == Metric.parse("V95%[%]")


def test_an_unknown_protocol_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="fast-forward, quantec-pelvis, quantec-thorax"):
        protocol("../names")
