"""People's names in many writings, with the encodings that files of them come in."""

import random
from collections.abc import Iterator

NAMES = {
    "Chinese": (
        ["gb18030"],
        "欧阳晓雯 陈思远 龙飞 王小明 李娜 张伟 刘洋 赵磊 黄丽 周杰 吴秀英",
    ),
    "Taiwanese": (["big5"], "陳怡君 林志豪 黃雅婷 張家豪 李淑芬 王美玲 吳俊傑 劉建宏 蔡宗翰"),
    "Japanese": (
        ["cp932", "euc_jp", "iso2022_jp"],
        "高橋_健太 ソラ_美咲 能登_表 佐藤_健 鈴木_一郎 山本_さくら 小林_結衣 池田_エライザ",
    ),
    "Korean": (["cp949"], "김민준 이서연 박지훈 최수빈 정예은 강도현 조은우 윤서아 장하은"),
    "Russian": (
        ["cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic"],
        "Мария_Ковалёва Олег_Щукин Иван_Петров Анна_Смирнова Дмитрий_Кузнецов Елена_Попова",
    ),
    "Ukrainian": (["cp1251", "koi8_u"], "Олена_Шевченко Андрій_Бойко Ірина_Ткаченко Євген_Коваль"),
    "Polish": (
        ["cp1250", "iso8859_2", "cp852"],
        "Łukasz_Żółciński Małgorzata_Śliwińska Grażyna_Wójcik Michał_Dąbrowski Zofia_Król",
    ),
    "Czech": (
        ["cp1250", "iso8859_2"],
        "Jiří_Dvořák Tomáš_Novák Kateřina_Svobodová Ondřej_Černý Věra_Veselá Růžena_Horáková",
    ),
    "Hungarian": (["cp1250"], "Gábor_Szűcs Erzsébet_Kovács Zsófia_Nagy László_Szőke Ágnes_Őry"),
    "French": (
        ["cp1252", "iso8859_15", "mac_roman", "cp850"],
        "Renée_Dupont François_Lefèvre Hélène_Côté Benoît_Gagné Jérôme_Rousseau Loïc_Château",
    ),
    "German": (
        ["cp1252", "mac_roman", "cp850", "cp437"],
        "Jürgen_Müller Björn_Schröder Käthe_Weiß Günther_Jäger Ulrike_Größmann Jörg_Köhler",
    ),
    "Spanish": (
        ["cp1252", "mac_roman", "cp850"],
        "José_Peña María_Muñoz Ángel_Núñez Sofía_Gómez Iñaki_Ibáñez Begoña_Martín",
    ),
    "Danish": (["cp1252", "cp850"], "Søren_Ågård Mette_Sørensen Jørgen_Bæk Lærke_Kjær"),
    "Greek": (["cp1253", "iso8859_7"], "Γιώργος_Παπαδόπουλος Μαρία_Δήμου Νίκος_Οικονόμου"),
    "Turkish": (["cp1254"], "Ayşe_Yılmaz Mehmet_Çelik Gülşen_Öztürk Barış_Aydın Şükrü_Doğan"),
    "Hebrew": (["cp1255"], "יוסי_כהן רחל_לוי דוד_מזרחי שרה_פרץ משה_ביטון נועה_אברהם"),
    "Arabic": (["cp1256"], "محمد_علي فاطمة_حسن أحمد_إبراهيم خديجة_سالم يوسف_مصطفى مريم_سالم"),
    "Lithuanian": (["cp1257"], "Žydrūnas_Šimkus Rūta_Kazlauskienė Eglė_Žukauskaitė"),
    "Latvian": (["cp1257"], "Jānis_Bērziņš Līga_Kalniņa Andris_Ozoliņš Kārlis_Šmits Ģirts_Ķēniņš"),
    "Thai": (["cp874"], "สมชาย_ใจดี สมหญิง_รักไทย ประเสริฐ_แก้วมณี วิไล_ศรีสุข"),
}
PLAIN = ["Anna Smith", "John Miller", "Bob Hill", "Mary Jones", "Omar Reed", "Tim Young"]


def files(rows: int, plain_share: float, seed: int = 1) -> Iterator[tuple[str, str, str]]:
    """Writing, encoding and the text of a file of so many people, some of them in ASCII."""
    dice = random.Random(seed)
    for writing, (encodings, names) in NAMES.items():
        people = [name.replace("_", " ") for name in names.split()]
        for encoding in encodings:
            lines = ["Name;Email;Phone"]
            for n in range(rows):
                is_plain = dice.random() < plain_share and n != rows // 2
                name = dice.choice(PLAIN if is_plain else people)
                lines.append(f"{name};user{n}@example.com;+4477009{n:05}")
            yield writing, encoding, "\r\n".join(lines) + "\r\n"
