"""The plan is pure: every rendered path once, nothing in the way is written over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlscaffold.entries import Entry, FileMode
from mlscaffold.ownership import Ownership, Policy, Rule
from mlscaffold.plan import Action, plan

PATHS = st.text("abc/", min_size=1, max_size=6).filter(lambda path: "//" not in path and path.strip("/") == path)
RENDERS = st.dictionaries(PATHS, st.builds(Entry, mode=st.sampled_from(list(FileMode)), blob=st.text("0f", min_size=4)))
TABLES = st.lists(st.builds(Rule, glob=PATHS.map("/{}".format), policy=st.sampled_from(list(Policy))), max_size=4).map(
    lambda rules: Ownership(rules=tuple(rules))
)


@given(st.sets(PATHS), RENDERS, TABLES)
def test_every_path_is_decided_once(mine: set[str], new: dict[str, Entry], ownership: Ownership) -> None:
    actions = plan(mine=mine, new=new, ownership=ownership).actions
    paths = [action.path for action in actions]
    assert paths == sorted(set(paths))
    retired = {path for path in new if ownership.rule_for(path).policy is Policy.RETIRED}
    assert set(paths) == set(new) - retired
    for action in actions:
        assert action.new == new[action.path]
        assert (action.action is Action.COLLIDE) == (action.path in mine)
        assert action.policy is ownership.rule_for(action.path).policy


@given(RENDERS, TABLES)
def test_nothing_collides_in_an_empty_project(new: dict[str, Entry], ownership: Ownership) -> None:
    assert plan(mine=(), new=new, ownership=ownership).collisions == ()
