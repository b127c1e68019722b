"""The markets a shop can be in: currency, taxes, carriers, and how people and places there are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A town orders go to; `tax` is its sales tax in hundred-thousandths (only where prices exclude tax)."""

    city: str
    state: str
    county: str
    postcode: str
    tax: int = 0
    retail_delivery_fee: int = 0


@dataclass(frozen=True)
class Market:
    """One country. `rate` turns US cents into the currency's minor units: cents * rate // 100."""

    region: str
    country: str
    currency: str
    decimals: int
    rate: int
    vat: int
    dialling: str
    phone: str
    prefix: str
    mail: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[Place, ...]
    carriers: tuple[tuple[str, str, str], ...]
    warehouses: tuple[Place, ...]
    payment_methods: tuple[str, ...]
    unit: tuple[str, str]
    sea: bool = False
    taxes_on_top: bool = False

    @property
    def marks_as_shipped(self) -> bool:
        """Whether Mark Package As Shipped exists here."""
        return self.region in MARKS_AS_SHIPPED

    @property
    def eu(self) -> bool:
        """Whether the market is in the European Union."""
        return self.region in {"DE", "ES", "FR", "IE", "IT"}


def fits(pattern: str, text: str) -> bool:
    """Whether a text has the shape of a pattern, where `#` stands for a digit and `?` for a capital."""
    classes = {"#": str.isdigit, "?": str.isupper}
    return len(pattern) == len(text) and all(
        classes[shape](letter) if shape in classes else shape == letter
        for shape, letter in zip(pattern, text, strict=True)
    )


MARKS_AS_SHIPPED = frozenset({"US", "GB", "ES", "IE", "IT", "DE", "FR", "JP"})
INVOICE_FIRST = frozenset({"BR"})
"""Where nothing is handed over before the platform has accepted an invoice for it."""
ZPL = frozenset({"BR", "MX"})
SEA = frozenset({"ID", "MY", "PH", "SG", "TH", "VN"})
_METRIC = ("KILOGRAM", "CENTIMETER")

UNITED_STATES = Market(
    region="US",
    country="United States",
    currency="USD",
    decimals=2,
    rate=100,
    vat=0,
    dialling="(+1)",
    phone="##########",
    prefix="TTP_",
    mail="scs2.tiktok.com",
    first_names=("Olivia", "Liam", "José", "Mia", "Zoë", "Ethan", "Aaliyah", "Noah", "Renée", "Duc", "Siobhán"),
    last_names=("Smith", "García", "Johnson", "O'Brien", "Nguyễn", "Williams", "Kim", "Müller", "Brown", "Peña"),
    streets=("Coleman Ave", "Maple St", "5th Ave Apt 4B", "Sunset Blvd", "County Road 12", "Main St", "Elm Ct"),
    places=(
        Place("San Jose", "California", "Santa Clara", "951##", 9_375),
        Place("Los Angeles", "California", "Los Angeles", "900##", 9_500),
        Place("Brooklyn", "New York", "Kings", "112##", 8_875),
        Place("Austin", "Texas", "Travis", "787##", 8_250),
        Place("Portland", "Oregon", "Multnomah", "972##", 0),
        Place("Denver", "Colorado", "Denver", "802##", 8_810, 28),
        Place("Minneapolis", "Minnesota", "Hennepin", "554##", 9_025, 50),
        Place("Española", "New Mexico", "Rio Arriba", "875##", 8_938),
        Place("Miami", "Florida", "Miami-Dade", "331##", 7_000),
    ),
    carriers=(
        ("7117858858072016686", "USPS", "94001########0000000###"),
        ("7117859084333745966", "UPS", "1Z######03########"),
        ("7129720299146184490", "FedEx", "7489########"),
    ),
    warehouses=(
        Place("Edison", "New Jersey", "Middlesex", "08817"),
        Place("Ontario", "California", "San Bernardino", "91761"),
        Place("Plano", "Texas", "Collin", "75074"),
    ),
    payment_methods=("Credit/debit card", "PayPal", "Apple Pay", "Klarna", "TikTok Shop balance"),
    unit=("POUND", "INCH"),
    taxes_on_top=True,
)

UNITED_KINGDOM = Market(
    region="GB",
    country="United Kingdom",
    currency="GBP",
    decimals=2,
    rate=79,
    vat=20_000,
    dialling="(+44)",
    phone="7#########",
    prefix="GCP_",
    mail="scs.tiktok.com",
    first_names=("Amelia", "Oliver", "Siân", "Harry", "Zoë", "Mohammed", "Chloë", "George", "Caoimhe", "Anaïs"),
    last_names=("Jones", "Taylor", "Brontë", "Patel", "O'Connor", "Wright", "Müller-Davies", "Khan", "Evans"),
    streets=("High Street", "Station Road", "Church Lane", "The Crescent", "Victoria Road", "Mill Lane"),
    places=(
        Place("London", "England", "Greater London", "SW# #??"),
        Place("Manchester", "England", "Greater Manchester", "M# #??"),
        Place("Cardiff", "Wales", "South Glamorgan", "CF## #??"),
        Place("Edinburgh", "Scotland", "Midlothian", "EH# #??"),
        Place("Belfast", "Northern Ireland", "Antrim", "BT# #??"),
    ),
    carriers=(
        ("6671176980098908421", "Royal Mail", "??#########GB"),
        ("7212608861548024622", "Evri", "H00###A000########"),
        ("7212608507074840366", "DPD UK", "1550########"),
    ),
    warehouses=(
        Place("Daventry", "England", "Northamptonshire", "NN11 8QL"),
        Place("Warrington", "England", "Cheshire", "WA5 7XQ"),
        Place("Swindon", "England", "Wiltshire", "SN3 4TN"),
    ),
    payment_methods=("Credit/debit card", "PayPal", "Apple Pay", "Klarna"),
    unit=_METRIC,
)


def _european(region: str, country: str, *, vat: int, dialling: str, people: str, places: str, carriers: str) -> Market:
    """A euro market from compact tables: words split at commas, carriers as id=name=pattern."""
    first, last, streets = (tuple(words.split(",")) for words in people.split("|"))
    towns = tuple(_town(row) for row in places.split(","))
    return Market(
        region=region,
        country=country,
        currency="EUR",
        decimals=2,
        rate=92,
        vat=vat,
        dialling=dialling,
        phone="6########",
        prefix="GCP_",
        mail="scs.tiktok.com",
        first_names=first,
        last_names=last,
        streets=streets,
        places=towns,
        carriers=tuple(_carrier(row) for row in carriers.split(",")),
        warehouses=towns[:3],
        payment_methods=("Credit/debit card", "PayPal", "Klarna", "Apple Pay"),
        unit=_METRIC,
    )


def _town(row: str) -> Place:
    city, state, county, postcode = row.split("=")
    return Place(city, state, county, postcode)


def _carrier(row: str) -> tuple[str, str, str]:
    number, name, pattern = row.split("=")
    return number, name, pattern


def _asian(  # noqa: PLR0913 - a row of the table of markets
    region: str,
    country: str,
    currency: str,
    rate: int,
    *,
    vat: int,
    dialling: str,
    people: str,
    places: str,
    carriers: str,
) -> Market:
    """A market of South East Asia whose currency has no minor unit in prices."""
    first, last, streets = (tuple(words.split(",")) for words in people.split("|"))
    towns = tuple(_town(row) for row in places.split(","))
    return Market(
        region=region,
        country=country,
        currency=currency,
        decimals=0,
        rate=rate,
        vat=vat,
        dialling=dialling,
        phone="8#########",
        prefix="ROW_",
        mail="scs2.tiktok.com",
        first_names=first,
        last_names=last,
        streets=streets,
        places=towns,
        carriers=tuple(_carrier(row) for row in carriers.split(",")),
        warehouses=towns[:3],
        payment_methods=("Cash on delivery", "Bank transfer", "E-wallet", "Credit/debit card"),
        unit=_METRIC,
        sea=True,
    )


GERMANY = _european(
    "DE",
    "Germany",
    vat=19_000,
    dialling="(+49)",
    people="Jürgen,Anna,Björn,Käthe,Zoë,Søren|Müller,Groß,Schmidt,Weiß,Şahin|Hauptstraße 12,Gärtnerweg 3,Am Bühl 7",
    places="Berlin=Berlin=Berlin=10###,München=Bayern=Oberbayern=80###,Köln=Nordrhein-Westfalen=Köln=50###",
    carriers="7288010229013956371=DHL=00340434########,7288010229013956372=Hermes=H1##############",
)
SPAIN = _european(
    "ES",
    "Spain",
    vat=21_000,
    dialling="(+34)",
    people="Íñigo,María,Begoña,Álvaro,Núria|García Ibáñez,Muñoz,Peñalver,Ordóñez|Calle Mayor 1,Paseo de Gràcia 22",
    places="Madrid=Madrid=Madrid=28###,Barcelona=Cataluña=Barcelona=08###,Logroño=La Rioja=La Rioja=26###",
    carriers="7288010229013956401=Correos=PQ##############,7288010229013956402=SEUR=02########",
)
FRANCE = _european(
    "FR",
    "France",
    vat=20_000,
    dialling="(+33)",
    people="Zoé,François,Anaïs,Loïc,Hélène|Lefèvre,Béranger,Çelik,Dubois|12 rue de l'Église,4 allée des Œillets",
    places="Paris=Île-de-France=Paris=750##,Lyon=Auvergne-Rhône-Alpes=Rhône=690##,Orléans=Centre=Loiret=450##",
    carriers="7288010229013956501=Colissimo=6A###########,7288010229013956502=Chronopost=XY#########FR",
)
ITALY = _european(
    "IT",
    "Italy",
    vat=22_000,
    dialling="(+39)",
    people="Niccolò,Giulia,Chloé,Matteo,Desirée|Rossi,D'Angelo,Forlì,Esposito|Via Roma 9,Piazza dell'Unità 2",
    places="Milano=Lombardia=Milano=201##,Roma=Lazio=Roma=001##,Forlì=Emilia-Romagna=Forlì-Cesena=471##",
    carriers="7288010229013956601=Poste Italiane=ZA#########IT,7288010229013956602=BRT=086#########",
)
INDONESIA = _asian(
    "ID",
    "Indonesia",
    "IDR",
    15_800,
    vat=11_000,
    dialling="(+62)",
    people="Siti,Budi,Dewi,Agus,Putri|Wijaya,Susanto,Ramadhan,Kusuma|Jl. Sudirman No. 8,Gg. Melati RT 03/RW 05",
    places="Jakarta Selatan=DKI Jakarta=Tebet=128##,Bandung=Jawa Barat=Coblong=401##,Surabaya=Jawa Timur=Gubeng=602##",
    carriers="6841743441349706241=J&T Express=JX##########,6841743441349706242=JNE=TTK###########",
)
VIETNAM = _asian(
    "VN",
    "Vietnam",
    "VND",
    25_400,
    vat=10_000,
    dialling="(+84)",
    people="Nguyễn Thị,Trần Văn,Lê Hoàng,Phạm Thu|Hương,Đức,Ánh,Tuấn|123 Đường Lê Lợi,45 Ngõ Huế",
    places="Hà Nội=Hà Nội=Quận Hoàn Kiếm=100###,Hồ Chí Minh=Hồ Chí Minh=Quận 1=700###,Đà Nẵng=Đà Nẵng=Hải Châu=550###",
    carriers="6841743441349706541=J&T Express VN=85##########,6841743441349706542=Viettel Post=VTP########",
)

JAPAN = Market(
    region="JP",
    country="Japan",
    currency="JPY",
    decimals=0,
    rate=150,
    vat=10_000,
    dialling="(+81)",
    phone="90########",
    prefix="ROW_",
    mail="scs2.tiktok.com",
    first_names=("陽菜", "蓮", "さくら", "大翔", "美咲"),
    last_names=("佐藤", "鈴木", "高橋", "渡邊", "齋藤"),
    streets=("1-2-3 神南", "4-5 本町", "栄3丁目6-1"),
    places=(
        Place("渋谷区", "東京都", "渋谷区", "150-00##"),
        Place("大阪市", "大阪府", "中央区", "541-00##"),
        Place("名古屋市", "愛知県", "中区", "460-00##"),
    ),
    carriers=(
        ("7288010229013956701", "Yamato Transport", "4#########01"),
        ("7288010229013956702", "Sagawa Express", "36########02"),
    ),
    warehouses=(
        Place("渋谷区", "東京都", "渋谷区", "150-0041"),
        Place("大阪市", "大阪府", "中央区", "541-0053"),
        Place("名古屋市", "愛知県", "中区", "460-0008"),
    ),
    payment_methods=("Credit/debit card", "PayPay", "Convenience store"),
    unit=_METRIC,
)

BRAZIL = Market(
    region="BR",
    country="Brazil",
    currency="BRL",
    decimals=2,
    rate=540,
    vat=0,
    dialling="(+55)",
    phone="119########",
    prefix="ROW_",
    mail="scs2.tiktok.com",
    first_names=("João", "Ana Luíza", "Antônio", "Conceição", "Tainá"),
    last_names=("Silva", "Gonçalves", "Araújo", "Magalhães"),
    streets=("Rua São Bento", "Avenida Brasil", "Travessa da Conceição"),
    places=(
        Place("São Paulo", "São Paulo", "Sé", "01###-###"),
        Place("Belém", "Pará", "Nazaré", "66###-###"),
        Place("Florianópolis", "Santa Catarina", "Centro", "88###-###"),
    ),
    carriers=(
        ("7288010229013956801", "J&T Express Brasil", "88#########BR"),
        ("7288010229013956802", "Correios", "QB#########BR"),
    ),
    warehouses=(
        Place("São Paulo", "São Paulo", "Sé", "01001-000"),
        Place("Belém", "Pará", "Nazaré", "66035-170"),
        Place("Florianópolis", "Santa Catarina", "Centro", "88010-000"),
    ),
    payment_methods=("Credit/debit card", "Pix"),
    unit=_METRIC,
)

# Shops without a chosen market take turns in these; a file knows the market of such a shop by its number alone.
TURNS = (UNITED_STATES, UNITED_KINGDOM, GERMANY, SPAIN, INDONESIA, VIETNAM, FRANCE, ITALY)
MARKETS = (*TURNS, JAPAN, BRAZIL)
BY_REGION = {market.region: market for market in MARKETS}
CURRENCIES = {market.currency: market.decimals for market in MARKETS}
