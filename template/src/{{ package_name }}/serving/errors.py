"""What can stop the service from starting: shown to the person who started it, without a traceback."""

from ..errors import ProjectError


class ServingError(ProjectError):
    """The service cannot start."""

    exit_code = 2


class ModelFileError(ServingError):
    """The model file is missing, unreadable, or not a model that this service understands."""


class AddressError(ServingError):
    """The host and port cannot be listened on."""


class SettingError(ServingError):
    """A setting of the environment is not what it has to be."""
