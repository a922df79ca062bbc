"""What a batch was made from: its archived files, and the mapping as it was then and as it is now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Dictionary
from datetime import date

from portrait.clock import day_of
from portrait.errors import InputError, MappingError
from portrait.intake.archive import place
from portrait.intake.bench import Input
from portrait.intake.mapping import Mapping, Stream, load_mapping, mapping_files, read_mapping
from portrait.intake.shape import FILE
from portrait.intake.year import year_named
from portrait.site import Site
from portrait.store.batch import Batch, record_batches_from


def batch_key(mapping: Mapping, stream: Stream, main: Input, others: Dictionary[str, Input]) -> str:
    """The key of the batch that these files make in this stream: the same again when they come again."""
    return _key_of(
        mapping, stream, main.name, main.content, {alias: o.content for alias, o in others.items()}
    )


def _key_of(mapping: Mapping, stream: Stream, name: str, content: str, others: Dictionary[str, str]) -> str:
    parts = [mapping.digest(stream), content, *(others[a] for a in sorted(others)), *_said_by(stream, name)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _said_by(stream: Stream, name: str) -> list[str]:
    """What the stream reads of a file's name: of the same bytes by another name it may make other records."""
    found = []
    if any(expression.titled for _, expression in stream.fields):
        named = year_named("", "", name)
        if years := [year for year in (named.of, *named.among) if year]:
            found.append(f"year:{','.join(years)}")
    if any(FILE in made.columns for made in stream.made):
        found.append(f"file:{name[-300:]}")
    return found


def remapped(site: Site, mapping: Mapping, recipe: str) -> bool:
    """Whether records of this source came in by another mapping, or by this one before it was changed.

    They have the same ids then, but may lie in other months.
    """

    def again(earlier: Batch) -> str:
        inputs = {one["alias"]: one["content"] for one in earlier.inputs}
        try:
            stream = mapping.stream(earlier.stream)
        except MappingError:
            return ""
        return _key_of(mapping, stream, earlier.file, earlier.content, inputs)

    with site.registry.connect() as connection:
        return any(
            earlier.recipe != recipe and (earlier.origin is not None or earlier.key != again(earlier))
            for earlier in record_batches_from(connection, mapping.source)
        )


def arrival_of(site: Site, batch: Batch) -> date:
    """The day a batch came in; what is dated after it is doubtful. A batch taken up again keeps its day."""
    return batch.arrived or site.settings.today or day_of(batch.started)


def files_again(site: Site, batch: Batch) -> tuple[Input, dict[str, Input]]:
    """The batch's file and the joined ones, out of the archive. Raises InputError when one is not there."""
    main = _archived(site, batch, batch.file, batch.content)
    return main, {one["alias"]: _archived(site, batch, one["file"], one["content"]) for one in batch.inputs}


def joined_again(batch: Batch, stream: Stream, files: Dictionary[str, Input]) -> dict[str, Input]:
    """The joined files that a stream asks for. Raises InputError when the batch came in without one."""
    lacking = next((join for join in stream.joins if join.alias not in files), None)
    if lacking is not None:
        raise InputError(
            "流 {stream} 现在要对照“{file}”（{alias}），第 {number} 号批次接入时没有这个文件；请连同它重新导入",
            stream=stream.name,
            file=lacking.layout.file,
            alias=lacking.alias,
            number=batch.id,
        )
    return {join.alias: files[join.alias] for join in stream.joins}


def mapping_then(site: Site, batch: Batch) -> tuple[Mapping, Stream]:
    """The mapping as it was when the batch came in, and the batch's stream.

    Raises MappingError when it was not kept (batches of before 0.1.0) and the one of today reads otherwise.
    """
    if batch.recipe and place(site.archive, batch.recipe).exists():
        mapping = read_mapping(place(site.archive, batch.recipe), f"{batch.mapping}（接入时）")
        return mapping, mapping.stream(batch.stream)
    mapping, stream = mapping_now(site, batch)
    main, others = files_again(site, batch)
    if batch.origin is None and batch_key(mapping, stream, main, others) != batch.key:
        raise MappingError(
            "第 {number} 号批次接入时的映射 {then} 没有存档，现在的 {now} 又已改过，不能照原样再读",
            number=batch.id,
            then=batch.mapping,
            now=mapping.label,
        )
    return mapping, stream


def mapping_now(site: Site, batch: Batch, given: str = "") -> tuple[Mapping, Stream]:
    """The mapping to read a batch's rows with today, and the batch's stream: the `given` one (name or path), else the one
    that has the batch's name, else what was archived with it.

    Raises MappingError when there is none, or its stream makes something else now.
    """
    mapping = load_mapping(given, site.settings.home) if given else _named(site, batch)
    stream = mapping.stream(batch.stream)
    if mapping.source != batch.source or stream.target.name != batch.target:
        raise MappingError(
            "映射 {mapping} 的流 {stream} 现在是来源 {source} 的 {target}，第 {number} 号批次是来源 {origin} 的 {was}",
            mapping=mapping.label,
            stream=stream.name,
            source=mapping.source,
            target=stream.target.name,
            number=batch.id,
            origin=batch.source,
            was=batch.target,
        )
    return mapping, stream


def _named(site: Site, batch: Batch) -> Mapping:
    name = batch.mapping.partition("@")[0]
    files = mapping_files(site.settings.home)
    # A mapping is nearly always called as its file is.
    for path in sorted(files.values(), key=lambda path: path.stem != name):
        try:
            mapping = read_mapping(path)
        except MappingError:
            if path.stem == name:
                raise
            continue
        if mapping.name == name:
            return mapping
    if batch.recipe and place(site.archive, batch.recipe).exists():
        return read_mapping(place(site.archive, batch.recipe), f"{batch.mapping}（接入时）")
    raise MappingError(
        "第 {number} 号批次用的映射 {name} 找不到了：放回家目录的 mapping/{name}.yaml，或用 --mapping 指明",
        number=batch.id,
        name=name,
    )


def _archived(site: Site, batch: Batch, name: str, content: str) -> Input:
    path = place(site.archive, content)
    if not path.is_file():
        raise InputError(
            "第 {number} 号批次的原始文件 {name} 不在存档里（archive/{folder}/{digest}），请从备份恢复",
            number=batch.id,
            name=name,
            folder=content[:2],
            digest=content,
        )
    return Input(path, name, content)
