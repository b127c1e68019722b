"""Labels and slips: which of them are missing, and how they are fetched until they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.errors import BusinessError, ConfigurationError, TikTokShopError
from tiktokshop_client.operations import GET_SHIPPING_DOCUMENT, same_region

from target_tiktokshop.writing.labels import PAPERS, PDF, PNG, Paper, name_of, place_of
from target_tiktokshop.writing.live import truth_of
from target_tiktokshop.writing.surprises import TRIES, pause

if TYPE_CHECKING:
    from target_tiktokshop.streams.parcels import Parcel
    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

PICTURE, HAZMAT, INVOICE = "SHIPPING_LABEL_PICTURE", "HAZMAT_LABEL", "INVOICE_LABEL"
ONE_SIZE = frozenset({PICTURE, HAZMAT})
ZPL_MARKETS, INVOICE_MARKETS = frozenset({"BR", "MX"}), frozenset({"BR"})
TOO_EARLY = frozenset({21023035, 21042104})
"""What is answered for a package that has been shipped a moment ago."""


class NoDocumentError(Exception):
    """A document could not be had; the text says why."""


class Documents:
    """The documents of a run's packages.

    Raises:
        ConfigurationError: Their place takes no files: a package would leave without its label.
    """

    def __init__(self, run: WriteRun) -> None:
        self._run = run
        self._settings = run.settings.day
        self._place = place_of(self._settings.labels_path)
        if closed := self._place.closed():
            raise ConfigurationError(f"labels_path cannot be used ({closed}): check it")

    def names(self, row: Row, package_id: str) -> dict[str, str]:
        """The name of each document of a package."""
        values = {"shop_id": row.the_shop.id, "order_id": row.values["order_id"], "package_id": package_id}
        return {
            kind: name_of(
                self._settings.label_name,
                {**values, "document": kind.lower(), "format": self._paper(row, kind).suffix},
            )
            for kind in self._settings.label_documents
            if _exists(row, kind)
        }

    def format(self, row: Row) -> str:
        """What a row's labels are to be: PDF or ZPL."""
        return str(row.values.get("label_format", self._settings.label_format))

    def not_offered(self, row: Row) -> bool:
        """Whether the market has no labels of the format that a row asks for."""
        return self.format(row) == "ZPL" and same_region(row.the_shop.region) not in ZPL_MARKETS

    def _paper(self, row: Row, kind: str) -> Paper:
        return PNG if kind == PICTURE else PAPERS[self.format(row)] if kind != HAZMAT else PDF

    def missing(self, row: Row, parcel: Parcel) -> list[str]:
        """The documents that are not in their place.

        Raises:
            ConfigurationError: The place cannot be looked into.
        """
        try:
            names = self.names(row, parcel.package_id)
            return [kind for kind, name in names.items() if not self._place.has(name, self._paper(row, kind))]
        except OSError as error:
            raise ConfigurationError(f"labels_path cannot be looked into ({error.strerror}): check it") from None

    def places(self, row: Row, package_id: str) -> list[str]:
        """Where the documents of a package are, for people."""
        return [self._place.told(name) for name in self.names(row, package_id).values()]

    def fetch(self, row: Row, package_id: str) -> str:
        """Puts all documents of a package into their place that are not there; returns its tracking number, "" if none.

        Raises:
            NoDocumentError: One of them could not be had.
            TikTokShopError: The run, or the shop, cannot go on.
        """
        tracking = ""
        for kind, name in self.names(row, package_id).items():
            try:
                if self._place.has(name, self._paper(row, kind)):
                    continue
                content, tracking = self._asked(row, package_id, kind)
                self._place.put(name, content)
            except OSError as error:
                raise NoDocumentError(f"{self._place.told(name)} cannot be written ({error.strerror})") from error
        return tracking

    def _asked(self, row: Row, package_id: str, kind: str) -> tuple[bytes, str]:
        """A document and the package's tracking number; asked for again when what comes is none.

        One that ends otherwise than such documents do, twice, is taken as it is.
        """
        problem, last, paper = "", b"", self._paper(row, kind)
        for number in range(TRIES):
            if number:
                pause(self._run, number)
            try:
                url, tracking = self._address(row, package_id, kind)
                content = self._run.client.document(url)
            except TikTokShopError as error:
                if error.reach != "stream":
                    raise
                problem = str(error)
                if isinstance(error, BusinessError) and error.code and error.code not in TOO_EARLY:
                    break
            else:
                if paper.begins(content) and (paper.ends(content) or content == last):
                    return content, tracking
                problem, last = f"what the platform gave is no whole {paper.suffix.upper()}", content
        raise NoDocumentError(problem)

    def _address(self, row: Row, package_id: str, kind: str) -> tuple[str, str]:
        query = {"document_type": kind}
        if kind not in ONE_SIZE:
            query["document_size"] = row.values.get("label_size", self._settings.label_size)
        if self._paper(row, kind) is PAPERS["ZPL"]:
            query["document_format"] = "ZPL"
        answer = self._run.client.call(
            GET_SHIPPING_DOCUMENT, shop=row.the_shop, path={"package_id": package_id}, query=query
        )
        return str(answer.data.get("doc_url") or ""), str(answer.data.get("tracking_number") or "")


def _exists(row: Row, kind: str) -> bool:
    """Whether there is such a document of a row's package: of invoices in Brazil, of dangers where there are any."""
    if kind == INVOICE:
        return same_region(row.the_shop.region) in INVOICE_MARKETS
    lines = (row.subject or {}).get("line_items") or []
    return kind != HAZMAT or any(truth_of(line.get("is_dangerous_good")) for line in lines)
