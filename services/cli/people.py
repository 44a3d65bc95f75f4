"""`argus people`: whom cameras shall recognise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.cli.enrolling import chosen
from services.cli.face_reading import FaceProcess, FoundFace, face_process
from services.cli.installation import ACTOR, Installation, now, open_installation, warn
from services.cli.tables import show
from shared.accounts.audit import record
from shared.accounts.roles import Role
from shared.accounts.users import account_named
from shared.db.accounts import Account
from shared.db.people import FaceSample, Person
from shared.domain.errors import ArgusError, InvalidInput, Transient, UserError
from shared.media import MediaStore
from shared.people.faces import faces_of_others, forget_person, keep_face, renew_face
from shared.people.registry import add_person, list_people, people_named, person_named, person_numbered


@click.group()
def people() -> None:
    """Add, list and remove people whose faces are recognised.

    Example: argus people add "Ada Lovelace" ada1.jpg ada2.jpg
    """


@people.command()
@click.argument("name")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO…", type=click.Path(path_type=Path))
@click.option("--user", "username", help="On whose cameras [the first administrator's].")
@click.option("--note", default="", help="What else to remember of them.")
@click.option("--largest", is_flag=True, help="Of several faces on a photo, take the largest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def add(name: str, photos: tuple[Path, ...], username: str | None, note: str, *, largest: bool, as_json: bool) -> None:
    """Add photos of a person, one face on each; several of different days are better than one.

    Of each photo the face is kept, not the rest. When one photo is refused, none is stored. A name that is there
    already gets more photos.

    Example: argus people add "Ada Lovelace" ada1.jpg ada2.jpg
    """
    installation = open_installation()
    with installation.session() as session:
        account_id = _owner(session, username)
    with face_process() as process:
        faces = _faces(process, photos, account_id, largest=largest)
    told = _store(installation, name, note, faces, account_id=account_id)
    for photo, face in zip(photos, faces, strict=True):
        if face.resembles is not None and face.resembles[0] != told["id"]:
            other, other_name = face.resembles
            warn(f"the face on {photo.name} is taken for {other_name} (number {other}): check whose it is")
    told["photos"] = [
        {"photo": photo.name, "bbox": list(face.bbox), "quality": face.quality}
        for photo, face in zip(photos, faces, strict=True)
    ]
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        click.echo(f"added {len(faces)} faces of {told['name']} (number {told['id']})")


@people.command("list")
@click.option("--user", "username", help="Only of this account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_all(username: str | None, *, as_json: bool) -> None:
    """Show everybody who is recognised.

    Example: argus people list --json
    """
    with open_installation().session() as session:
        account_id = account_named(session, username).id if username else None
        owners = {account.id: account.username for account in session.scalars(select(Account))}
        rows = [
            {
                "id": one.person.id,
                "name": one.person.name,
                "user": owners[one.person.account_id],
                "faces": one.faces,
                "recognisers": list(one.recognisers),
                "enabled": one.person.enabled,
                "note": one.person.note,
                "created_at": one.person.created_at,
                "updated_at": one.person.updated_at,
            }
            for one in list_people(session, account_id=account_id)
        ]
    columns = ["id", "name", "user", "faces", "enabled", "updated_at"]
    show(rows, columns=columns, as_json=as_json, empty="nobody yet: argus people add NAME PHOTO…")


@people.command()
@click.argument("who", metavar="NAME|NUMBER")
@click.option("--user", "username", help="Only of this account.")
def remove(who: str, username: str | None) -> None:
    """Forget a person: their faces are deleted, and cannot be brought back.

    Example: argus people remove "Ada Lovelace"
    """
    installation = open_installation()
    media = MediaStore.open(installation.settings.effective_media_url)
    try:
        with installation.session() as session:
            account_id = account_named(session, username).id if username else None
            person = _person(session, who, account_id)
            name, number = person.name, person.id
            count = forget_person(session, media, person)
            record(session, ACTOR, action="person.remove", target=f"person:{number}", now=now())
    except Transient as error:
        raise UserError("media", str(error), remedy="nothing is forgotten yet; mend that and try again") from None
    click.echo(f"removed {name} and {count} faces")


@people.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def rebuild(ctx: click.Context, *, as_json: bool) -> None:
    """Read all kept faces anew that another recogniser read; needed after the recogniser was changed.

    Example: argus people rebuild
    """
    installation = open_installation()
    done, failed = 0, 0
    with face_process() as process:
        with installation.session() as session:
            waiting = [row.id for row in faces_of_others(session, process.recogniser)]
        for number in waiting:
            try:
                done += _renew(installation, process, number)
            except ArgusError as error:
                failed += 1
                warn(f"face {number}: {error}")
        told = {"recogniser": process.recogniser, "read_anew": done, "failed": failed}
    click.echo(json.dumps(told) if as_json else f"read {done} faces anew with {told['recogniser']}, {failed} failed")
    if failed:
        ctx.exit(1)


def _faces(process: FaceProcess, photos: Sequence[Path], account_id: int, *, largest: bool) -> list[FoundFace]:
    """The face of each photo. Raises `InvalidInput` naming every photo that is refused."""
    found, problems = [], []
    for photo in photos:
        try:
            found.append(chosen(process.faces(photo, account_id=account_id), photo.name, largest=largest))
        except UserError as error:
            problems.append(UserError(photo.name, error.reason, remedy=error.remedy))
    if problems:
        raise InvalidInput(problems)
    return found


def _store(
    installation: Installation, name: str, note: str, faces: Sequence[FoundFace], *, account_id: int
) -> dict[str, object]:
    media = MediaStore.open(installation.settings.effective_media_url)
    written: list[str] = []
    try:
        with installation.session() as session:
            person = _named_or_new(session, name, note, account_id)
            written += [
                keep_face(session, media, person, face.new, source="enrolled", now=now()).crop for face in faces
            ]
            detail = {"faces": len(faces)}
            record(session, ACTOR, action="person.add", target=f"person:{person.id}", now=now(), detail=detail)
            return {"id": person.id, "name": person.name, "added": len(faces), "recogniser": faces[0].new.recogniser}
    except BaseException as error:
        for crop in written:
            with suppress(Transient):
                media.delete(crop)
        if isinstance(error, Transient):
            raise UserError("media", str(error), remedy="nothing is stored; mend that and try again") from None
        raise


def _named_or_new(session: Session, name: str, note: str, account_id: int) -> Person:
    if people_named(session, name, account_id=account_id):
        person = person_named(session, name, account_id=account_id)
        person.note = note or person.note
        return person
    return add_person(session, name=name, account_id=account_id, note=note, now=now())


def _renew(installation: Installation, process: FaceProcess, number: int) -> bool:
    """Read one face anew; False when it is gone by now."""
    with installation.session() as session:
        row = session.get(FaceSample, number)
        if row is None:
            return False
        vector = process.vector(row.crop, bbox=row.bbox, landmarks=row.landmarks)
        renew_face(session, row, recogniser=process.recogniser, vector=vector, now=now())
        return True


def _person(session: Session, who: str, account_id: int | None) -> Person:
    if who.isascii() and who.isdigit():
        return person_numbered(session, int(who), account_id=account_id)
    return person_named(session, who, account_id=account_id)


def _owner(session: Session, username: str | None) -> int:
    if username:
        return account_named(session, username).id
    found = session.scalar(select(Account.id).where(Account.role == Role.ADMIN).order_by(Account.id).limit(1))
    if found is None:
        remedy = "argus user add NAME --role admin (or start 'argus up' once)"
        raise UserError("--user", "there is no administrator whose cameras they would be seen by", remedy=remedy)
    return found
