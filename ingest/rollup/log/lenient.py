r"""What aiokafka cannot read of a log, read all the same, so that it costs itself alone.

It raises for a header's name that is no UTF-8 and for a batch that is damaged inside, without saying where, and would
do so for ever. Such a name is read as ``\xff``. Of a damaged batch, what cannot be read becomes one record at
its last offset, without key, its value the batch as it lies in the log: no event, so poison like any other. A codec
that is not installed, and a wrong checksum, still raise: that is for a person to mend, and nothing is passed.
"""

import logging
from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher
from aiokafka.errors import UnsupportedCodecError
from aiokafka.record.default_records import _DefaultRecordBatchPy, _DefaultRecordPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint

log = logging.getLogger("plugwatch.rollup.lenient")


class _Bytes(bytearray):
    """Whose parts are texts in any case."""

    def __getitem__(self, at: Any) -> Any:
        return _Bytes(super().__getitem__(at))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")


class _Lenient(_DefaultRecordBatchPy):  # type: ignore[misc]
    """aiokafka's reader in Python, of such bytes."""

    _buffer: bytearray

    def _read_msg(self) -> _DefaultRecordPy:
        if not isinstance(self._buffer, _Bytes):
            self._buffer = _Bytes(self._buffer)
        return super()._read_msg(decode_varint)


class _Batch:
    """A batch as the fetcher uses it."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        reader, following = self._batch, 0
        while True:
            try:
                for record in reader:
                    if record.offset >= following:
                        following = record.offset + 1
                        yield record
                return
            except UnicodeDecodeError:
                reader = _Lenient(self._raw)
            except UnsupportedCodecError:
                raise
            except Exception as error:  # noqa: BLE001  whatever a damaged one does to it
                yield self._left(error)
                return

    def _left(self, error: Exception) -> _DefaultRecordPy:
        last = self._batch.next_offset - 1
        log.error(
            "a batch of the log is damaged; what cannot be read of it goes to the dead letters as it lies there",
            extra={"first_offset": self._batch.base_offset, "last_offset": last, "error": repr(error)},
        )
        return _DefaultRecordPy(last, self._batch.max_timestamp, self._batch.timestamp_type, None, bytes(self._raw), [])


class _Records(_MemoryRecordsPy):  # type: ignore[misc]
    """What one fetch brought of a partition."""

    def next_batch(self) -> _Batch | None:
        raw = self._next_slice
        batch = super().next_batch()
        return None if batch is None or raw is None else _Batch(batch, raw) if batch.magic >= 2 else batch


def consumer(**options: Any) -> AIOKafkaConsumer:
    """A consumer, not started, with aiokafka's own options."""
    fetcher.MemoryRecords = _Records  # there is no other way in
    return AIOKafkaConsumer(**options)
