"""The plan is pure: each file decided once, by its policy's row of the table, and nothing that is the user's is lost.

`carry_out` does on maps of entries what the journal does on disk, with a token for each content that a merge would
make.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from mlscaffold.files.entry import Entry, FileMode
from mlscaffold.plan.actions import Action, FileAction, Plan
from mlscaffold.plan.decide import plan
from mlscaffold.plan.pairing import EMPTY, TemplateSide, pair
from mlscaffold.plan.situation import Situation
from mlscaffold.template.ownership import Ownership, PathRule
from mlscaffold.template.policy import Policy

Entries = Mapping[str, Entry]

PATHS = ("a", "b", "c", "d/x", "d/y", "e", "e/z")
#: Where only a user puts files.
OWN_PATHS = ("mine", "d/mine", "moved", "d/moved")
SOURCES = ("s1", "s2", "s3")


def entry(blob: str, mode: FileMode = FileMode.FILE) -> Entry:
    """A file with a content."""
    return Entry(mode=mode, blob=blob)


def owned_by(policy: Policy, **options: Any) -> Ownership:
    """A table that gives every path one policy."""
    return Ownership(rules=(PathRule(glob="**", policy=policy, **options),))


def side(entries: Entries, **sources: str) -> TemplateSide:
    """A render, each file from the source of its own name where none is given."""
    return TemplateSide(entries=entries, sources={path: sources.get(path, f"{path}.jinja") for path in entries})


def planned(**facts: Any) -> Plan:
    """What the planner says of a situation."""
    return plan(Situation(**facts))


def carry_out(decided: Plan, mine: Entries) -> dict[str, Entry]:
    """The project afterwards."""
    after = dict(mine)
    for each in decided.changes:
        if each.mine is not None:
            after.pop(each.origin or each.path)
    for each in decided.changes:
        if (content := outcome(each)) is not None:
            assert each.path not in after, f"{each.path} is written over"
            after[each.path] = content
    return after


def outcome(each: FileAction) -> Entry | None:
    """What a file becomes; a merge and a conflict that is resolved become a token that names both sides."""
    if each.action is Action.CONFLICT and each.mine is None:
        # Something of the user's is in its way, and stays.
        return None
    if each.action is Action.CONFLICT and each.policy is Policy.OWNED:
        return each.new
    if each.action in {Action.MERGE, Action.KEYS, Action.CONFLICT}:
        assert each.mine is not None
        return dataclasses.replace(each.mine, blob=f"{each.mine.blob}+{each.new.blob if each.new else ''}")
    return each.result


def is_a_tree(paths: Any) -> bool:
    """Whether no path is both a file and a folder."""
    return not any(other.startswith(f"{path}/") for path in paths for other in paths)


def without_folders(found: dict[str, Entry]) -> dict[str, Entry]:
    """A tree: a file in the place of a folder is left out."""
    return {path: each for path, each in found.items() if not any(other.startswith(f"{path}/") for other in found)}


@st.composite
def entry_maps(draw: st.DrawFn, paths: tuple[str, ...] = PATHS) -> dict[str, Entry]:
    """Some files."""
    modes = st.sampled_from([FileMode.FILE, FileMode.FILE, FileMode.EXECUTABLE, FileMode.SYMLINK])
    entries = st.builds(Entry, mode=modes, blob=st.sampled_from(["1", "2", "3"]))
    found = draw(st.dictionaries(st.sampled_from(paths), entries, max_size=5))
    return without_folders(found)


@st.composite
def sides(draw: st.DrawFn) -> TemplateSide:
    """A render; several files may come from one source, as a loop makes them."""
    entries = draw(entry_maps())
    return TemplateSide(
        entries=entries, sources={path: draw(st.sampled_from((*SOURCES, f"{path}.j"))) for path in entries}
    )


TABLES = st.lists(
    st.builds(
        PathRule,
        glob=st.sampled_from(["**", *PATHS]),
        policy=st.sampled_from(list(Policy)),
        recreate=st.booleans(),
    ),
    max_size=4,
).map(lambda rules: Ownership(rules=tuple(r for r in rules if r.policy is not Policy.RETIRED or r.glob != "**")))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A project made of the old render, then edited: files kept, changed, deleted, renamed, added."""
    old, new = draw(sides()), draw(sides())
    mine: dict[str, Entry] = {}
    renames: dict[str, str] = {}
    for path, before in old.entries.items():
        match draw(st.sampled_from(["keep", "keep", "edit", "new", "mode", "delete", "rename"])):
            case "keep":
                mine[path] = before
            case "edit":
                mine[path] = dataclasses.replace(before, blob="edited")
            case "mode" if before.mode is FileMode.FILE:
                mine[path] = dataclasses.replace(before, mode=FileMode.EXECUTABLE)
            case "new" if path in new.entries:
                mine[path] = new.entries[path]
            case "rename":
                free = [place for place in (*OWN_PATHS, *PATHS) if place not in {*mine, *old.entries}]
                renames[path] = draw(st.sampled_from(free))
                mine[renames[path]] = draw(st.sampled_from([before, dataclasses.replace(before, blob="edited")]))
    for path in draw(st.sets(st.sampled_from((*OWN_PATHS, *PATHS)), max_size=2)) - mine.keys() - old.entries.keys():
        mine[path] = entry(f"added {path}")
    assume(is_a_tree(mine))
    some_paths = st.frozensets(st.sampled_from(PATHS), max_size=1)
    ownership = draw(TABLES)
    # No table can ask for both: what takes over from an edited file is not brought back.
    candidates = {path for path in draw(some_paths) - old.entries.keys() if not ownership.rule_for(path).recreate}
    return Situation(
        old=old,
        new=new,
        mine=mine,
        renames=renames,
        ownership=ownership,
        before={path: draw(st.sampled_from([Policy.OWNED, Policy.MERGED, Policy.SEEDED])) for path in old.entries},
        ejected=draw(some_paths),
        secret=draw(some_paths) & new.entries.keys(),
        withheld=dict.fromkeys(candidates, "it takes over from what was edited"),
        answers_moved=draw(st.booleans()),
        lines_only=draw(st.booleans()),
    )


@given(situations())
def test_every_file_is_decided_once(situation: Situation) -> None:
    decided = plan(situation)
    assert list(decided.actions) == sorted(decided.actions, key=lambda each: each.path)
    places = [each.path for each in decided.actions if each.action not in {Action.REMOVE, Action.COLLIDE}]
    assert len(places) == len(set(places)), "two files end at one path"
    origins = [each.origin or each.path for each in decided.actions if each.mine is not None]
    assert sorted(origins) == sorted(set(origins)), "one file of the project is used twice"
    for each in decided.actions:
        assert each.mine in {None, situation.mine.get(each.origin or each.path)}


@given(sides(), sides())
def test_the_ends_of_files_are_a_matching(old: TemplateSide, new: TemplateSide) -> None:
    pairs = list(pair(old, new, {}))
    assert sorted(path for path, _ in pairs if path) == sorted(old.entries)
    assert sorted(path for _, path in pairs if path) == sorted(new.entries)
    assert ("", "") not in pairs


@given(situations())
def test_no_content_of_the_user_is_lost(situation: Situation) -> None:
    """Each is in the result, or the render's, or merged, or in a conflict's stages; or owned, and a commit holds it."""
    decided = plan(situation)
    assume(not decided.collisions)
    after = carry_out(decided, situation.mine)
    rendered = {each.blob for each in situation.old.entries.values()}
    kept = {part for each in after.values() for part in each.blob.split("+")}
    staged = {each.mine.blob for each in decided.conflicts if each.mine}
    replaced = {each.mine.blob for each in decided.having(Action.REPLACE) if each.mine}
    assert {each.policy for each in decided.having(Action.REPLACE)} <= {Policy.OWNED}
    assert {each.blob for each in situation.mine.values()} <= rendered | kept | staged | replaced
    event(f"changes: {len(decided.changes)}")


@given(situations())
def test_what_is_not_the_templates_stays(situation: Situation) -> None:
    decided = plan(situation)
    assume(not decided.collisions)
    after = carry_out(decided, situation.mine)
    theirs = {*situation.old.entries, *situation.new.entries, *situation.renames.values()}
    theirs |= set(situation.ownership.retired_paths())
    for path in situation.mine.keys() - theirs:
        assert after[path] == situation.mine[path]


@given(situations())
def test_the_second_plan_is_empty(situation: Situation) -> None:
    decided = plan(situation)
    assume(not decided.collisions and all(each.mine for each in decided.conflicts))
    after = carry_out(decided, situation.mine)
    ends = pair(situation.old, situation.new, {})
    renames = {new: situation.renames[old] for old, new in ends if new and situation.renames.get(old) in after}
    locked = [path for path in situation.new.entries if situation.ownership.rule_for(path).policy is not Policy.RETIRED]
    again = dataclasses.replace(
        situation,
        old=TemplateSide(entries={path: situation.new.entries[path] for path in locked}, sources=situation.new.sources),
        mine=after,
        renames=renames,
        before={path: situation.ownership.rule_for(path).policy for path in situation.new.entries},
    )
    ours = [each for each in plan(again).changes if each.policy is not Policy.KEYED]
    assert ours == []


@given(sides(), TABLES, st.booleans())
def test_a_project_that_is_the_new_render_has_nothing_to_do(
    new: TemplateSide, ownership: Ownership, lines_only: bool
) -> None:
    retired = {path for path in new.entries if ownership.rule_for(path).policy is Policy.RETIRED}
    mine = {path: each for path, each in new.entries.items() if path not in retired}
    decided = planned(old=new, new=new, mine=mine, ownership=ownership, lines_only=lines_only)
    assert decided.actions == ()


@given(situations())
def test_a_template_that_stands_still_changes_only_what_it_owns(situation: Situation) -> None:
    still = dataclasses.replace(situation, new=situation.old)
    ownable = {Policy.OWNED, Policy.KEYED}
    for each in plan(still).changes:
        comes_back = each.action is Action.RESTORE and each.rule.recreate
        assert each.policy in ownable or comes_back or each.policy is Policy.RETIRED, each


@given(entry_maps(), TABLES)
def test_a_new_project_gets_every_file_but_the_retired(new: dict[str, Entry], ownership: Ownership) -> None:
    decided = planned(new=side(new), ownership=ownership)
    retired = {path for path in new if ownership.rule_for(path).policy is Policy.RETIRED}
    assert carry_out(decided, {}) == {path: each for path, each in new.items() if path not in retired}
    assert {each.action for each in decided.actions} <= {Action.CREATE}


@given(situations())
def test_what_the_user_deleted_stays_deleted(situation: Situation) -> None:
    decided = plan(situation)
    used = {*situation.renames, *situation.mine}
    for each in decided.changes:
        deleted = each.old is not None and each.mine is None and (each.rendered_as[0] or each.path) not in used
        if deleted and each.policy is Policy.MERGED:
            pytest.fail(f"{each} brings back what the user deleted")


@given(situations())
def test_what_is_withheld_is_not_written(situation: Situation) -> None:
    decided = plan(situation)
    assume(not decided.collisions)
    after = carry_out(decided, situation.mine)
    for path in situation.withheld.keys() - situation.mine.keys():
        written = situation.ownership.rule_for(path).policy is Policy.SEEDED and path not in situation.secret
        if written and path in after:
            each = next(each for each in decided.actions if each.path == path)
            assert each.old or each.mine, "it takes over, and was written"


@given(situations())
def test_a_seeded_file_that_somebody_edited_stays_whatever_the_answers(situation: Situation) -> None:
    decided = plan(situation)
    assume(not decided.collisions)
    after = carry_out(decided, situation.mine)
    for path, before in situation.old.entries.items():
        here = situation.mine.get(path)
        seeded = situation.ownership.rule_for(path).policy is situation.before[path] is Policy.SEEDED
        if seeded and path in situation.new.entries and here not in {None, before} and path not in situation.ejected:
            assert here in after.values()


@given(situations())
def test_what_is_ejected_is_left_alone(situation: Situation) -> None:
    decided = plan(situation)
    assume(not decided.collisions)
    for path in situation.ejected & situation.mine.keys():
        assert carry_out(decided, situation.mine).get(path) == situation.mine[path]


OLD, MINE, NEW = entry("old"), entry("mine"), entry("new")


def decide(
    policy: Policy,
    old: Entry | None,
    mine: Entry | None,
    new: Entry | None,
    *,
    before: Policy | None = None,
    answers_moved: bool = False,
    **options: Any,
) -> Action | None:
    """What happens to the one file of a project; None if nothing is done or said."""
    ends = [TemplateSide(entries={"f": each}, sources={"f": "f.jinja"}) if each else EMPTY for each in (old, new)]
    table = Ownership(rules=(PathRule(glob="f", policy=policy, **options),))
    here = {"f": mine} if mine else {}
    known = {"f": before or policy}
    decided = planned(old=ends[0], new=ends[1], mine=here, ownership=table, before=known, answers_moved=answers_moved)
    return decided.actions[0].action if decided.actions else None


@pytest.mark.parametrize(
    ("old", "mine", "new", "expected"),
    [
        (None, None, NEW, Action.CREATE),
        (OLD, OLD, NEW, Action.UPDATE),
        (OLD, MINE, NEW, Action.REPLACE),
        (OLD, MINE, OLD, Action.REPLACE),
        (OLD, None, NEW, Action.RESTORE),
        (OLD, None, OLD, Action.RESTORE),
        (OLD, NEW, NEW, None),
        (None, NEW, NEW, None),
        (None, MINE, NEW, Action.REPLACE),
        (OLD, OLD, None, Action.REMOVE),
        (OLD, MINE, None, Action.KEEP),
        (OLD, None, None, None),
    ],
)
def test_owned(old: Entry | None, mine: Entry | None, new: Entry | None, expected: Action | None) -> None:
    assert decide(Policy.OWNED, old, mine, new) is expected


def test_a_file_that_becomes_owned_while_edited_is_a_conflict() -> None:
    assert decide(Policy.OWNED, OLD, MINE, NEW, before=Policy.MERGED) is Action.CONFLICT
    assert decide(Policy.OWNED, OLD, OLD, NEW, before=Policy.MERGED) is Action.UPDATE


@pytest.mark.parametrize(
    ("old", "mine", "new", "expected"),
    [
        (None, None, NEW, Action.CREATE),
        (OLD, OLD, NEW, Action.UPDATE),
        (OLD, MINE, NEW, Action.MERGE),
        (OLD, MINE, OLD, None),
        (OLD, NEW, NEW, None),
        (None, NEW, NEW, None),
        (None, MINE, NEW, Action.CONFLICT),
        (OLD, None, NEW, Action.KEEP),
        (OLD, None, OLD, None),
        (OLD, None, None, None),
        (OLD, OLD, None, Action.REMOVE),
        (OLD, MINE, None, Action.KEEP),
    ],
)
def test_merged(old: Entry | None, mine: Entry | None, new: Entry | None, expected: Action | None) -> None:
    assert decide(Policy.MERGED, old, mine, new) is expected


@pytest.mark.parametrize(
    ("old", "mine", "new", "expected"),
    [
        (None, None, NEW, Action.CREATE),
        (OLD, OLD, NEW, Action.UPDATE),
        (OLD, MINE, NEW, Action.KEYS),
        (OLD, MINE, OLD, Action.KEYS),
        (None, MINE, NEW, Action.KEYS),
        (OLD, NEW, NEW, None),
        (OLD, None, NEW, Action.RESTORE),
        (OLD, OLD, None, Action.REMOVE),
        (OLD, MINE, None, Action.KEEP),
    ],
)
def test_keyed(old: Entry | None, mine: Entry | None, new: Entry | None, expected: Action | None) -> None:
    assert decide(Policy.KEYED, old, mine, new, keys=("tool",)) is expected


@pytest.mark.parametrize(
    ("old", "mine", "new", "expected"),
    [
        (None, None, NEW, Action.CREATE),
        (None, MINE, NEW, None),
        (OLD, OLD, NEW, None),
        (OLD, MINE, NEW, None),
        (OLD, None, NEW, None),
        (OLD, OLD, None, None),
        (OLD, MINE, None, None),
    ],
)
@pytest.mark.parametrize("policy", [Policy.SEEDED, Policy.DERIVED])
def test_seeded(
    policy: Policy, old: Entry | None, mine: Entry | None, new: Entry | None, expected: Action | None
) -> None:
    assert decide(policy, old, mine, new) is expected


@pytest.mark.parametrize(
    ("old", "mine", "new", "expected"),
    [
        (None, None, NEW, Action.CREATE),
        (None, MINE, NEW, Action.KEEP),
        (None, NEW, NEW, None),
        (OLD, OLD, NEW, Action.UPDATE),
        (OLD, MINE, NEW, Action.KEEP),
        (OLD, MINE, OLD, None),
        (OLD, NEW, NEW, None),
        (OLD, OLD, OLD, None),
        (OLD, None, NEW, None),
        (OLD, OLD, None, Action.REMOVE),
        (OLD, MINE, None, Action.KEEP),
        (OLD, None, None, None),
    ],
)
def test_seeded_under_other_answers(
    old: Entry | None, mine: Entry | None, new: Entry | None, expected: Action | None
) -> None:
    assert decide(Policy.SEEDED, old, mine, new, answers_moved=True) is expected


@pytest.mark.parametrize(
    ("mine", "new", "expected"),
    [
        (OLD, NEW, Action.UPDATE),
        (MINE, NEW, Action.MERGE),
        (MINE, OLD, Action.MOVE),
        (OLD, OLD, Action.MOVE),
        (None, NEW, Action.KEEP),
    ],
)
@pytest.mark.parametrize("policy", [Policy.MERGED, Policy.OWNED])
def test_a_file_that_moves_into_seeded_hands_is_merged_once(
    policy: Policy, mine: Entry | None, new: Entry, expected: Action
) -> None:
    """Its owner's edits go along, and what the template wrote for the new place arrives."""
    there, here = side({"a": OLD}, a="s"), {"a": mine} if mine else {}
    after = side({"b": new}, b="s")
    seeded = owned_by(Policy.SEEDED)
    (only,) = planned(old=there, mine=here, new=after, ownership=seeded, before={"a": policy}).actions
    assert only.action is expected
    later = planned(old=there, mine=here, new=after, ownership=seeded, before={"a": Policy.SEEDED})
    assert {each.action for each in later.actions} <= {Action.MOVE}


def test_a_deleted_file_that_moves_into_seeded_hands_comes_back_where_the_table_says_so() -> None:
    table = Ownership(rules=(PathRule(glob="**", policy=Policy.SEEDED, recreate=True),))
    moved = {"old": side({"a": OLD}, a="s"), "new": side({"b": OLD}, b="s"), "before": {"a": Policy.OWNED}}
    (only,) = planned(**moved, mine={}, ownership=table).actions
    assert (only.action, only.path) == (Action.RESTORE, "b")


def test_a_seeded_file_of_a_folder_that_other_answers_rename_moves_with_its_edits() -> None:
    ends = [side({f"{package}/f": content}, **{f"{package}/f": "s"}) for package, content in (("a", OLD), ("b", NEW))]
    table, before = owned_by(Policy.SEEDED), {"a/f": Policy.SEEDED}
    for mine, result in ((OLD, NEW), (MINE, MINE)):
        (only,) = planned(
            old=ends[0], new=ends[1], mine={"a/f": mine}, ownership=table, before=before, answers_moved=True
        ).actions
        assert (only.origin, only.path, only.result) == ("a/f", "b/f", result)


def test_a_secret_file_is_left_alone_whatever_the_answers() -> None:
    decided = planned(
        old=side({"f": OLD}),
        mine={"f": OLD},
        new=side({"f": NEW}),
        ownership=owned_by(Policy.SEEDED),
        secret={"f"},
        answers_moved=True,
    )
    assert decided.actions == ()


def test_a_required_file_that_is_gone_is_for_check_to_say() -> None:
    assert decide(Policy.SEEDED, OLD, None, NEW, required=True) is None


def test_a_seeded_file_comes_back_where_the_table_says_so() -> None:
    assert decide(Policy.SEEDED, OLD, None, NEW, recreate=True) is Action.RESTORE
    assert decide(Policy.SEEDED, OLD, MINE, NEW, recreate=True) is None


@pytest.mark.parametrize(
    ("old", "mine", "new", "expected"),
    [
        (OLD, OLD, None, Action.REMOVE),
        (OLD, OLD, OLD, Action.REMOVE),
        (OLD, MINE, None, Action.KEEP),
        (None, MINE, None, Action.KEEP),
        (OLD, None, None, None),
        (None, None, NEW, None),
    ],
)
def test_retired(old: Entry | None, mine: Entry | None, new: Entry | None, expected: Action | None) -> None:
    assert decide(Policy.RETIRED, old, mine, new) is expected


def test_the_policy_of_the_new_version_rules() -> None:
    assert decide(Policy.SEEDED, OLD, OLD, NEW, before=Policy.OWNED) is None
    assert decide(Policy.MERGED, OLD, MINE, NEW, before=Policy.OWNED) is Action.MERGE


def test_a_file_that_depends_on_a_secret_is_written_once() -> None:
    first = planned(new=side({"f": NEW}), ownership=owned_by(Policy.OWNED), secret={"f"})
    later = planned(
        old=side({"f": OLD}), mine={"f": MINE}, new=side({"f": NEW}), ownership=owned_by(Policy.OWNED), secret={"f"}
    )
    assert [each.action for each in first.actions] == [Action.CREATE]
    assert later.actions == ()


def test_an_ejected_file_stays_and_its_new_place_is_another_file() -> None:
    """Ejecting `a` is about `a`; where the template has it now, nobody ejected anything."""
    decided = planned(
        old=side({"a": OLD}, a="s"),
        mine={"a": MINE},
        new=side({"b": NEW}, b="s"),
        ownership=owned_by(Policy.OWNED),
        ejected={"a"},
    )
    assert [(each.path, each.action, each.reason) for each in decided.actions] == [
        ("a", Action.KEEP, "ejected from the template"),
        ("b", Action.CREATE, ""),
    ]


def test_an_uncommitted_file_is_never_written_over() -> None:
    decided = planned(new=side({"f": NEW}), mine={"f": MINE}, ownership=Ownership(), untracked={"f"})
    assert decided.collisions == ("f",)
    same = planned(new=side({"f": NEW}), mine={"f": NEW}, ownership=Ownership(), untracked={"f"})
    assert same.actions == ()


@pytest.mark.parametrize(
    ("mine", "occupied"), [({}, {"f"}), ({}, {"f/x"}), ({"f/y": MINE}, {"f/x"}), ({"other": MINE}, {"f"})]
)
def test_what_is_in_the_way_is_named(mine: Entries, occupied: set[str]) -> None:
    assert planned(new=side({"f": NEW}), mine=mine, ownership=Ownership(), occupied=occupied).collisions == ("f",)


@pytest.mark.parametrize(("path", "mine", "blocker"), [("f/x", "f", "f"), ("f", "f/x", "f/")])
@pytest.mark.parametrize("policy", [Policy.MERGED, Policy.OWNED, Policy.SEEDED])
def test_a_committed_file_in_the_way_is_a_conflict_of_the_one_that_comes(
    path: str, mine: str, blocker: str, policy: Policy
) -> None:
    ownership = Ownership(rules=(PathRule(glob=path, policy=policy),))
    decided = planned(new=side({path: NEW, "g": NEW}), mine={mine: MINE}, ownership=ownership)
    assert [(each.path, each.reason, each.result) for each in decided.conflicts] == [
        (path, f"{blocker} is in the way", None)
    ]
    assert [each.path for each in decided.having(Action.CREATE)] == ["g"]


def test_a_file_may_become_a_folder_and_a_folder_a_file() -> None:
    there, back = side({"f": OLD}, f="s"), side({"f/x": OLD}, **{"f/x": "t"})
    assert planned(old=there, mine=there.entries, new=back, ownership=Ownership()).collisions == ()
    assert planned(old=back, mine=back.entries, new=there, ownership=Ownership()).collisions == ()


def test_two_files_swap_their_paths() -> None:
    """Each takes its owner's edits along."""
    decided = planned(
        old=side({"a": entry("A"), "b": entry("B")}, a="s", b="t"),
        mine={"a": entry("A edited"), "b": entry("B")},
        new=side({"a": entry("B"), "b": entry("A")}, a="t", b="s"),
        ownership=Ownership(),
    )
    assert {(each.origin, each.path, each.action) for each in decided.actions} == {
        ("a", "b", Action.MOVE),
        ("b", "a", Action.MOVE),
    }
    assert carry_out(decided, {"a": entry("A edited"), "b": entry("B")}) == {"a": entry("B"), "b": entry("A edited")}


def test_a_new_file_at_the_old_place_of_a_moved_one() -> None:
    decided = planned(
        old=side({"a": entry("A")}, a="s"),
        mine={"a": entry("A edited")},
        new=side({"a": entry("B"), "b": entry("A")}, a="t", b="s"),
        ownership=Ownership(),
    )
    assert carry_out(decided, {"a": entry("A edited")}) == {"a": entry("B"), "b": entry("A edited")}


def test_the_templates_move_and_the_users_edit_meet() -> None:
    decided = planned(old=side({"a": OLD}, a="s"), mine={"a": MINE}, new=side({"b": NEW}, b="s"), ownership=Ownership())
    assert [(each.origin, each.path, each.action) for each in decided.actions] == [("a", "b", Action.MERGE)]


def test_a_source_that_moved_is_followed() -> None:
    decided = planned(
        old=side({"a": OLD}, a="s"),
        mine={"a": MINE},
        new=side({"b": OLD}, b="t"),
        ownership=Ownership(),
        moves={"s": "t"},
    )
    assert [(each.origin, each.path, each.action) for each in decided.actions] == [("a", "b", Action.MOVE)]


def test_the_users_rename_is_followed() -> None:
    decided = planned(
        old=side({"a": OLD}), mine={"moved": MINE}, new=side({"a": NEW}), ownership=Ownership(), renames={"a": "moved"}
    )
    assert [(each.path, each.action) for each in decided.actions] == [("moved", Action.MERGE)]


def test_a_renamed_file_where_the_template_now_has_another_is_no_rename() -> None:
    decided = planned(
        old=side({"a": OLD}, a="s"),
        mine={"b": MINE},
        new=side({"a": OLD, "b": NEW}, a="s", b="t"),
        ownership=Ownership(),
        renames={"a": "b"},
    )
    assert [(each.path, each.action) for each in decided.actions] == [("b", Action.CONFLICT)]


def test_what_the_template_owns_is_where_the_template_says() -> None:
    decided = planned(
        old=side({"a": OLD}),
        mine={"moved": OLD},
        new=side({"a": OLD}),
        ownership=owned_by(Policy.OWNED),
        renames={"a": "moved"},
    )
    assert [(each.path, each.action) for each in decided.actions] == [("a", Action.RESTORE)]


def test_a_mode_and_a_content_that_were_changed_apart_are_joined() -> None:
    executable = dataclasses.replace(OLD, mode=FileMode.EXECUTABLE)
    ((only,),) = [
        planned(old=side({"f": OLD}), mine={"f": executable}, new=side({"f": NEW}), ownership=Ownership()).actions
    ]
    assert only.result == dataclasses.replace(NEW, mode=FileMode.EXECUTABLE)


def test_a_link_on_one_side_and_an_edit_on_the_other_is_a_conflict() -> None:
    link = dataclasses.replace(NEW, mode=FileMode.SYMLINK)
    assert decide(Policy.MERGED, OLD, MINE, link) is Action.CONFLICT
    assert decide(Policy.MERGED, OLD, OLD, link) is Action.UPDATE


def test_merging_as_git_does_leaves_a_removed_and_edited_file_to_a_person() -> None:
    decided = planned(old=side({"f": OLD}), mine={"f": MINE}, new=EMPTY, ownership=Ownership(), lines_only=True)
    assert [each.action for each in decided.actions] == [Action.CONFLICT]
