"""The tree of categories: those the goods are in and others around them. It is the platform's, and one for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tiktokshop_sandbox.catalog import GOODS
from tiktokshop_sandbox.documents.locales import language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.storefront import Shop

ROOT: Final = "0"  # what a root has for a parent
AVAILABLE, INVITE_ONLY, OUT_OF_SCOPE, PROHIBITED = "AVAILABLE", "INVITE_ONLY", "NON_MAIN_CATEGORY", "PROHIBITED"
HOME, BEAUTY, WEAR, TECH = "600001", "601450", "601152", "601739"
PETS, TOYS, FOOD, JEWELLERY = "602118", "604206", "700437", "605248"

# Categories no product is in: id, parent, name, permissions that differ from "available".
_OTHERS: Final = (
    ("853256", "851848", "Glasses", ()),
    ("853512", "851848", "Travel Cups", ()),
    ("852872", "852104", "Vases", ()),
    ("854024", HOME, "Bedding", ()),
    ("854280", "854024", "Duvet Covers", ()),
    ("854536", "854024", "Pillowcases", ()),
    ("854792", HOME, "Kitchen Knives & Boards", ()),
    ("855048", "854792", "Chopping Boards", ()),
    ("855304", "854792", "Ceremonial Daggers", (PROHIBITED,)),
    ("849672", "848776", "Face Masks", ()),
    ("850440", "849160", "Mascara", ()),
    ("848904", BEAUTY, "Fragrance", ()),
    ("849032", "848904", "Eau de Parfum", (INVITE_ONLY,)),
    ("842760", "842248", "Jumpers", ()),
    ("846472", WEAR, "Dresses", ()),
    ("846728", "846472", "Midi Dresses", ()),
    ("909704", "909192", "Screen Protectors", ()),
    ("910216", "909832", "Fairy Lights", ()),
    ("910344", TECH, "Smoking & Vaping", ()),
    ("910472", "910344", "Ashtrays", ()),
    ("910600", "910344", "E-cigarettes", (PROHIBITED,)),
    (PETS, ROOT, "Pet Supplies", ()),
    ("812040", PETS, "Dogs & Cats", ()),
    ("812168", "812040", "Leads & Collars", ()),
    ("812296", "812040", "Papier-mâché Cat Houses", ()),
    (TOYS, ROOT, "Toys & Hobbies", ()),
    ("860552", TOYS, "Craft Kits", ()),
    ("860680", "860552", "Macramé Kits", ()),
    (FOOD, ROOT, "Food & Beverages", (INVITE_ONLY,)),
    ("914696", FOOD, "Drinks", (INVITE_ONLY,)),
    ("914824", "914696", "Soft Drinks", (INVITE_ONLY,)),
    ("914952", "914696", "Ground Coffee & Café Blends", (INVITE_ONLY,)),
    (JEWELLERY, ROOT, "Jewellery", (INVITE_ONLY, OUT_OF_SCOPE)),
    ("905608", JEWELLERY, "Gold", (INVITE_ONLY, OUT_OF_SCOPE)),
    ("905736", "905608", "Gold Rings", (INVITE_ONLY, OUT_OF_SCOPE)),
)

# The roots in other languages; what lies below them is named in English everywhere.
_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "de": {
        HOME: "Haushaltswaren",
        BEAUTY: "Schönheit & Körperpflege",
        WEAR: "Damenmode & Wäsche",
        TECH: "Telefone & Elektronik",
        PETS: "Tierbedarf",
        TOYS: "Spielzeug & Hobbys",
        FOOD: "Lebensmittel & Getränke",
        JEWELLERY: "Schmuck",
    },
    "es": {
        HOME: "Artículos para el hogar",
        BEAUTY: "Belleza y cuidado personal",
        WEAR: "Moda y ropa interior de mujer",
        TECH: "Teléfonos y electrónica",
        PETS: "Mascotas",
        TOYS: "Juguetes y aficiones",
        FOOD: "Alimentación y bebidas",
        JEWELLERY: "Joyería",
    },
    "fr": {
        HOME: "Articles pour la maison",
        BEAUTY: "Beauté et soins",
        WEAR: "Mode et lingerie femme",
        TECH: "Téléphones et électronique",
        PETS: "Animalerie",
        TOYS: "Jouets et loisirs créatifs",
        FOOD: "Épicerie et boissons",
        JEWELLERY: "Bijoux",
    },
    "it": {
        HOME: "Articoli per la casa",
        BEAUTY: "Bellezza e cura della persona",
        WEAR: "Moda e intimo donna",
        TECH: "Telefoni ed elettronica",
        PETS: "Animali",
        TOYS: "Giochi e passatempi",
        FOOD: "Cibo e bevande",
        JEWELLERY: "Gioielli",
    },
    "id": {
        HOME: "Perlengkapan Rumah",
        BEAUTY: "Kecantikan & Perawatan Diri",
        WEAR: "Pakaian & Pakaian Dalam Wanita",
        TECH: "Telepon & Elektronik",
        PETS: "Perlengkapan Hewan",
        TOYS: "Mainan & Hobi",
        FOOD: "Makanan & Minuman",
        JEWELLERY: "Perhiasan",
    },
    "vi": {
        HOME: "Đồ gia dụng",
        BEAUTY: "Sắc đẹp & Chăm sóc cá nhân",
        WEAR: "Thời trang & Đồ lót nữ",
        TECH: "Điện thoại & Điện tử",
        PETS: "Đồ cho thú cưng",
        TOYS: "Đồ chơi & Sở thích",
        FOOD: "Thực phẩm & Đồ uống",
        JEWELLERY: "Trang sức",
    },
}


class CategoryNode(NamedTuple):
    """A node of the tree. `permissions` are the shop's, where the market tells them."""

    id: str
    parent: str
    name: str
    is_leaf: bool
    permissions: tuple[str, ...]

    @property
    def is_prohibited(self) -> bool:
        """Whether nobody may list anything here."""
        return PROHIBITED in self.permissions


def _tree() -> dict[str, CategoryNode]:
    rows: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for goods in GOODS:
        parent = ROOT
        for number, name in goods.categories:
            rows[number] = (parent, name, ())
            parent = number
    rows |= {number: (parent, name, permissions) for number, parent, name, permissions in _OTHERS}
    parents = {parent for parent, _, _ in rows.values()}
    return {
        number: CategoryNode(number, parent, name, number not in parents, permissions or (AVAILABLE,))
        for number, (parent, name, permissions) in rows.items()
    }


CATEGORIES: Final[Mapping[str, CategoryNode]] = _tree()


def root_of(category_id: str) -> str:
    """The root that a category hangs on."""
    parent = CATEGORIES[category_id].parent
    return category_id if parent == ROOT else root_of(parent)


def tells_permissions(shop: Shop) -> bool:
    """Whether the market shows permissions and prohibited categories: of ours the EU and South East Asia do."""
    return shop.market.eu or shop.market.sea


def listed(shop: Shop, *, prohibited: bool) -> list[CategoryNode]:
    """The categories a shop sees; prohibited ones where it asks for them and its market tells."""
    return [item for item in CATEGORIES.values() if not item.is_prohibited or (prohibited and tells_permissions(shop))]


def local_name(category: CategoryNode, locale: str) -> str:
    """The name in the language of a locale, in English where there is none."""
    return _NAMES.get(language(locale), {}).get(category.id, category.name)


def category_document(shop: Shop, category: CategoryNode, locale: str) -> dict[str, Any]:
    """The category as Get Categories shows it."""
    shown: dict[str, Any] = {
        "id": category.id,
        "parent_id": category.parent,
        "local_name": local_name(category, locale),
        "is_leaf": category.is_leaf,
    }
    if tells_permissions(shop):
        shown["permission_statuses"] = list(category.permissions)
    return shown
