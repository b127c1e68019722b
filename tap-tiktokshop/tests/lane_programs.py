"""Random trees of slices, and the model of what they give in order."""

from collections import UserList
from dataclasses import dataclass

from hypothesis import strategies as st
from tap_tiktokshop.reading import Chunk, Following
from tap_tiktokshop.reading.base import Backwards, Mark


class Weighed(UserList):
    weight = 1000


@dataclass
class Planned:
    """A slice of a program: what it gives, in turn: a number of chunks, or slices that it names; then it may fail."""

    name: str
    steps: list
    fails: bool = False

    def fetch(self, _source):
        for step in self.steps:
            if isinstance(step, str):
                yield Chunk(Weighed([step]))
            else:
                yield Following(step)
        if self.fails:
            raise LookupError(self.name)


class FailedError(Exception):
    """The walk of a program has come to a slice that fails."""


def walk(slices):
    """The model: what slices give, one after the other, each before those that it named."""
    for piece in slices:
        backwards = isinstance(piece, Backwards)
        plan = piece.slice if backwards else piece
        if isinstance(plan, Mark):
            yield plan.chunk.done
            continue
        own = [step for step in plan.steps if isinstance(step, str)]
        named = [step for step in plan.steps if not isinstance(step, str)]
        if plan.fails and backwards:
            raise FailedError
        yield from reversed(own) if backwards else own
        if plan.fails:
            raise FailedError
        for group in named:
            yield from walk(group)


def given_by(slices):
    found = []
    try:
        for each in walk(slices):
            found.append(each)  # noqa: PERF402 - what came before a failure counts
    except FailedError:
        found.append("failed")
    return found


def planned(inner=None):
    steps = st.just("chunk") if inner is None else st.one_of(st.just("chunk"), st.lists(inner, max_size=3))
    plain = st.builds(Planned, st.just(""), st.lists(steps, max_size=5), st.sampled_from([False] * 19 + [True]))
    return st.one_of(plain, plain.map(Backwards), st.builds(lambda: Mark(Chunk(done=0))))


def labelled(program, numbers):
    """The program with a name of its own for each chunk."""
    for number, piece in enumerate(program):
        if isinstance(piece, Mark):
            program[number] = Mark(Chunk(done=next(numbers)))
            continue
        plan = piece.slice if isinstance(piece, Backwards) else piece
        plan.steps = [str(next(numbers)) if step == "chunk" else labelled(step, numbers) for step in plan.steps]
    return program


programs = st.lists(st.recursive(planned(), planned, max_leaves=25), min_size=1, max_size=6)
