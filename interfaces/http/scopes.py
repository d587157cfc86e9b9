"""What a route wants of its caller: the scope it needs, said where the route is."""

from dataclasses import dataclass

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from application.api_keys import Scope
from domain.errors import MovieMindError


@dataclass(eq=False)
class ScopeMissing(MovieMindError):
    """This needs a key with the scope {needed}; the one that came has the scope {scope}."""

    needed: Scope
    scope: Scope


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency; the gate has found out who calls."""

    scope: Scope

    async def __call__(self, request: Request) -> None:
        """Raises ScopeMissing."""
        if not request.state.caller.scope.holds(self.scope):
            raise ScopeMissing(self.scope, request.state.caller.scope)


def needed_by(route: APIRoute) -> Scope | None:
    """The widest scope that a route and its router want; None for a public one."""
    wanted = {depends.dependency for depends in route.dependencies}
    return next((scope for scope in reversed(Scope) if Needs(scope) in wanted), None)


def needs(scope: Scope) -> list[Dependency]:
    """For `dependencies` of a router or of a route."""
    return [Depends(Needs(scope))]
