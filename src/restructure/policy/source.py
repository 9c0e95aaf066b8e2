"""The policy that a caller gives: the record itself, or where it can be loaded from."""

from restructure.inputs import Source
from restructure.policy.policy import Policy

__all__ = ["policy_of"]


def policy_of(given: Policy | Source) -> Policy:
    """Give a policy as it is, or load one from a path, a packaged policy's name, a text or plain data.

    Load a policy once and pass the record where many cases are decided. Raises `InvalidPolicy` with every finding.

    >>> policy_of("cn-consumer-finance").name
    'cn-consumer-finance'
    """
    if isinstance(given, Policy):
        return given
    # What reads YAML is loaded only where something is read.
    from restructure.policy.loading.loading import load_policy

    return load_policy(given)
