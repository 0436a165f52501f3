"""Who acts. An actor names an identity and the way it came in; what it may do is read from the database on every
call."""

from typing import Literal

from core.foundation.values import Value


class Actor(Value):
    """`person_id` is P-.. or SA-.., or the worker's name for the system itself. `via` "token" marks automation: a token
    never approves, whoever minted it. `token_id` names the token, whose scopes narrow what the identity may do."""

    person_id: str
    kind: Literal["person", "service", "system"]
    via: Literal["session", "token", "system"]
    token_id: str = ""

    @classmethod
    def system(cls, name: str) -> "Actor":
        """The portal's own processes, for instance the worker."""
        return cls(person_id=name, kind="system", via="system")
