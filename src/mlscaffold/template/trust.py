"""What a template wants beyond rendering its answers, and whether it may: trust of the source really used.

Code: Jinja extensions run while rendering; tasks, migrations and the commands of derived files run after it. The
machine: external data outside of the project is known beforehand where its path is plain; what expressions reach for
(`sandbox`) is refused when they do.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UntrustedTemplateError
from .reach import NeedsTrust, Reach
from .checkout import Checkout
from .source import SourceKind
from ..preferences.trust import Trusted

__all__ = ["is_trusted", "require_trust", "require_trust_in_tasks"]


def is_trusted(checkout: Checkout, trusted: Trusted) -> bool:
    """Whether a template may do what needs trust.

    Args:
        checkout: The state of it that is used: its own address and tree count, whatever the project says.
        trusted: What the command line or the settings trust.
    """
    if isinstance(trusted, bool):
        return trusted
    if trusted.covers(checkout.source.url):
        return True
    # Only a commit is what its tree says: git changes the files of a work tree on their way into one.
    return bool(checkout.commit) and trusted.covers_tree(checkout.tree) and _is_sound(checkout)


def _is_sound(checkout: Checkout) -> bool:
    """Whether the content of the commit is what its ids say; git looks only at what it gets from another machine."""
    from_afar = checkout.source.kind is SourceKind.REMOTE and not checkout.source.url.lower().startswith("file:")
    return from_afar or not checkout.repository.git.finished("fsck", "--full", "--no-dangling", "--no-progress").returncode


def require_trust(
    checkout: Checkout,
    *,
    trusted: Trusted,
    project: Path | None = None,
    at: str = "",
    rendering_only: bool = False,
) -> Reach:
    """How far a template may look. A template that wants more than to render is refused, unless it is trusted.

    Args:
        checkout: The template.
        trusted: What is trusted.
        project: The project whose files it may name as external data.
        at: The commit to read them from; empty for the work tree.
        rendering_only: Whether its tasks will not be run anyway.

    Raises:
        UntrustedTemplateError: With every unsafe feature, one by one.
    """
    reach = Reach(trusted=is_trusted(checkout, trusted), project=project, at=at)
    if reach.trusted:
        return reach
    # Imported here: it brings Copier, which to look at a project takes none of.
    from .copier.refusals import copier_errors
    from .copier.settings import settings_of
    from .tasks import possible_tasks

    with copier_errors(checkout):
        template = settings_of(checkout)
        features = [f"Jinja extension {name} (Python code, run while rendering)" for name in template.jinja_extensions]
        features += _outside(reach, template.external_data)
        if not rendering_only:
            features += _as_features(possible_tasks(checkout))
    if features:
        raise UntrustedTemplateError(checkout.source.url, features, tree=checkout.tree)
    return reach


def _outside(reach: Reach, external_data: dict[str, str]) -> list[str]:
    """External data outside of the project, as far as it can be told before any question is answered."""
    features = []
    for name, path in external_data.items():
        if "{" not in path:
            try:
                reach.check(name, path)
            except NeedsTrust as refused:
                features.append(refused.feature)
    return features


def _as_features(commands: tuple[str, ...]) -> list[str]:
    return [f"task, run after rendering: {command}" for command in commands]


def looks_at_the_project(checkout: Checkout) -> bool:
    """Whether a template names files of the project that it renders from."""
    from .copier.refusals import copier_errors
    from .copier.settings import settings_of

    with copier_errors(checkout):
        return bool(settings_of(checkout).external_data)


def require_trust_in_tasks(checkouts: tuple[Checkout, ...], commands: tuple[str, ...], *, trusted: Trusted) -> None:
    """Refuse to run commands that were listed, unless every version that they come from is trusted.

    Raises:
        UntrustedTemplateError: With the commands.
    """
    for checkout in checkouts:
        if commands and not is_trusted(checkout, trusted):
            raise UntrustedTemplateError(checkout.source.url, _as_features(commands), tree=checkout.tree)
