"""The six regions of the World Customs Organization. An administration belongs to one; some to two."""

from __future__ import annotations

from collections.abc import Mapping

WCO_REGIONS: Mapping[str, Mapping[str, str]] = {
    "AMS": {
        "en": "South America, North America, Central America and the Caribbean",
        "fr": "Amérique du Sud, Amérique du Nord, Amérique centrale et Caraïbes",
        "ar": "أمريكا الجنوبية والشمالية والوسطى ومنطقة البحر الكاريبي",
    },
    "AP": {
        "en": "Far East, South and South East Asia, Australasia and the Pacific Islands",
        "fr": "Extrême-Orient, Asie du Sud et du Sud-Est, Australasie et îles du Pacifique",
        "ar": "الشرق الأقصى وجنوب وجنوب شرق آسيا وأستراليا وجزر المحيط الهادئ",
    },
    "ESA": {
        "en": "East and Southern Africa",
        "fr": "Afrique orientale et australe",
        "ar": "شرق أفريقيا وجنوبها",
    },
    "EUR": {"en": "Europe", "fr": "Europe", "ar": "أوروبا"},
    "NMENA": {
        "en": "North of Africa, Near and Middle East",
        "fr": "Afrique du Nord, Proche et Moyen-Orient",
        "ar": "شمال أفريقيا والشرق الأدنى والأوسط",
    },
    "WCA": {
        "en": "West and Central Africa",
        "fr": "Afrique occidentale et centrale",
        "ar": "غرب أفريقيا ووسطها",
    },
}
