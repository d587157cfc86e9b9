"""The accepted texts of a film: never edited, only followed by another revision."""

from dataclasses import dataclass
from uuid import UUID

from domain.errors import DescriptionIsWithdrawn, DescriptionNotFound
from domain.job import Job
from domain.values import Locale, Origin, PromotionScope, Variant


@dataclass(slots=True)
class Description:
    """The nth accepted text of a variant (`revision`), recorded at a version of the stream.

    `job_id` is the job that made the text, or the text this one was edited from.
    """

    description_id: UUID
    variant: Variant
    revision: int
    origin: Origin
    job_id: UUID
    text: str
    recorded_at_version: int
    is_withdrawn: bool = False


class Descriptions:
    """All texts of one film, which of them is current for its variant, and which is the film's default."""

    def __init__(self, slug: str) -> None:
        self._slug = slug
        self._by_id: dict[UUID, Description] = {}
        self._current: dict[Variant, UUID] = {}
        self.default: UUID | None = None

    def get(self, description_id: UUID) -> Description:
        """Raises DescriptionNotFound."""
        try:
            return self._by_id[description_id]
        except KeyError:
            raise DescriptionNotFound(self._slug, description_id) from None

    def shown(self, description_id: UUID) -> Description:
        """A description readers may see. Raises DescriptionNotFound, or DescriptionIsWithdrawn."""
        description = self.get(description_id)
        if description.is_withdrawn:
            raise DescriptionIsWithdrawn(self._slug, description_id)
        return description

    def current(self, variant: Variant) -> UUID | None:
        return self._current.get(variant)

    def texts(self, locale: Locale) -> tuple[str, ...]:
        """Those readers may see in a language, of all styles, oldest first."""
        return tuple(
            d.text for d in self._by_id.values() if d.variant.locale is locale and not d.is_withdrawn
        )

    def next_revision(self, variant: Variant) -> int:
        return 1 + sum(1 for description in self._by_id.values() if description.variant == variant)

    def instead_of(self, job: Job) -> UUID | None:
        """The description that makes a new one needless: the job's own, or its variant's.

        A forced job wants a new text, so for it only those count that were generated after its request.
        """
        if job.description_id is not None:
            return job.description_id
        if not job.forced:
            return self.current(job.variant)
        newer = [
            description
            for description in self._revisions(job.variant)
            if description.origin is Origin.GENERATED
            and description.recorded_at_version > job.requested_at_version
        ]
        return newer[-1].description_id if newer else None

    def replacement_for(self, withdrawn: Description) -> UUID | None:
        """The one its variant shows, if that is another, else the newest other that readers may see."""
        current = self.current(withdrawn.variant)
        if current != withdrawn.description_id:
            return current
        left = [
            description for description in self._revisions(withdrawn.variant) if description is not withdrawn
        ]
        return left[-1].description_id if left else None

    def would_become_default(self, variant: Variant) -> bool:
        """A new text becomes the default of a film that has none, or whose default it replaces."""
        return self.default in (None, self.current(variant))

    def in_place(self, variant: Variant, scope: PromotionScope) -> UUID | None:
        """What a promotion in this scope would replace."""
        return self.current(variant) if scope is PromotionScope.VARIANT else self.default

    def added(self, description: Description, *, becomes_default: bool) -> None:
        self._by_id[description.description_id] = description
        self._current[description.variant] = description.description_id
        if becomes_default:
            self.default = description.description_id

    def promoted(self, description_id: UUID, scope: PromotionScope) -> None:
        if scope is PromotionScope.VARIANT:
            self._current[self._by_id[description_id].variant] = description_id
        else:
            self.default = description_id

    def withdrawn(self, description_id: UUID, replaced_by: UUID | None) -> None:
        description = self._by_id[description_id]
        description.is_withdrawn = True
        if self._current.get(description.variant) == description_id:
            del self._current[description.variant]
            if replaced_by is not None:
                self._current[description.variant] = replaced_by
        if self.default == description_id:
            self.default = replaced_by

    def _revisions(self, variant: Variant) -> list[Description]:
        """Those of a variant that readers may see, oldest first."""
        return [d for d in self._by_id.values() if d.variant == variant and not d.is_withdrawn]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descriptions) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]
