from cytoloop.core.errors import StaleVersionError
from cytoloop.core.events import CLOSING, EventBus
from cytoloop.core.geometry import Box


def test_listeners_hear_their_project_until_they_leave() -> None:
    bus, heard = EventBus(), []
    leave = bus.subscribe(1, heard.append)
    bus.publish(1, "a", {})
    bus.publish(2, "b", {})
    leave()
    bus.publish(1, "c", {})
    assert [one.kind for one in heard] == ["a"]
    assert [one.kind for one in bus.since(1, heard[0].id)] == ["c"]


def test_a_listener_that_fails_harms_nobody() -> None:
    bus, heard = EventBus(), []

    def failing(_event: object) -> None:
        raise ZeroDivisionError

    bus.subscribe(1, failing)
    bus.subscribe(1, heard.append)
    bus.publish(1, "a", {})
    assert len(heard) == 1


def test_memory_is_bounded_and_the_end_is_told() -> None:
    bus, heard = EventBus(remembered=3), []
    for _ in range(10):
        bus.publish(1, "a", {})
    assert [one.id for one in bus.since(1, 0)] == [8, 9, 10]
    bus.subscribe(1, heard.append)
    bus.close()
    assert heard[0].kind == CLOSING


def test_errors_keep_their_facts_across_processes() -> None:
    import copy

    error = copy.copy(StaleVersionError("old", stale=[1]))
    assert (error.message, error.details, error.code) == ("old", {"stale": [1]}, "stale_version")


def test_boxes_meet_and_join() -> None:
    first, second = Box(0, 0, 4, 4), Box(2, 3, 8, 9)
    assert first.union(second) == Box(0, 0, 8, 9)
    assert first.intersection(second) == Box(2, 3, 4, 4)
    assert first.intersection(Box(5, 5, 6, 6)).is_empty
