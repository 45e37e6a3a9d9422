"""Whom the demo candidates are made of: names that go together, and what forms ask."""

# ruff: noqa: E501  a place is a line

# Each line is a place: given names, then family names, as many of each. `Ünal=unal` gives the
# spelling for the e-mail address, where taking the accents off does not.
PLACES = (
    ("Amelia Oliver Grace Harry Freya George Poppy Alfie", "Smith Jones Taylor Brown Walker Hughes Patel Wright"),
    ("Emma Liam Madison Ethan Harper Mason Avery Logan", "Johnson Williams Miller Davis Garcia Carter Nguyen O’Brien=obrien"),
    ("Lucía Hugo Martina Álvaro Sofía Íñigo Carmen Joaquín", "García Fernández Núñez López Muñoz Ibáñez Peña Castaño"),
    ("Camille Étienne Chloé Rémi Zoé François Inès Loïc", "Martin Lefèvre Dubois Béranger Moreau Gauthier Noël Faÿ"),
    ("Anna Jürgen Lena Björn Käthe Matthias Sophie Uwe", "Müller=mueller Schäfer=schaefer Weiß=weiss Köhler=koehler Vogel Krüger=krueger Braun Groß=gross"),
    ("Giulia Matteo Chiara Niccolò Elisa Lorenzo Alice Davide", "Rossi Bianchi Esposito Ricci Marino D’Angelo=dangelo Greco Conti"),
    ("Agnieszka Łukasz=lukasz Zofia Paweł=pawel Magda Grzegorz Ewa Michał=michal", "Nowak Wójcik Kamińska Dąbrowski Wiśniewska Zieliński Mazur Żak"),
    ("Astrid Søren=soren Ingrid Åke Linnéa Øyvind=oyvind Maja Lars", "Svärd Hansen Ødegård=odegard Lindström Nielsen Bjørk=bjork Åberg Dahl"),
    ("Ayşe=ayse Mehmet Elif Çağlar=caglar Zeynep Emre İpek=ipek Kerem", "Yılmaz=yilmaz Şahin=sahin Öztürk Kaya Doğan=dogan Çelik Aydın=aydin Ünal"),
    ("Priya Arjun Ananya Rohan Kavya Vikram Meera Aditya", "Sharma Iyer Reddy Singh Gupta Nair Banerjee Desai"),
    ("Chiamaka Tunde Ngozi Emeka Folake Chidi Amara Segun", "Okafor Adeyemi Nwosu Balogun Eze Olawale Ibrahim Okonkwo"),
    ("Fátima João Beatriz Thiago Luíza Caetano Inês Gonçalo", "Silva Araújo Magalhães Conceição Pereira Simões Rocha Brandão"),
    ("Noor Yusuf Layla Omar Hala Karim Salma Tariq", "Haddad Al-Masri=almasri Mansour Khalil Nasser Farouk Aziz Rahman"),
    ("Linh Minh Hương=huong Tuấn=tuan Mai Đức=duc Thảo=thao Quân=quan", "Nguyễn=nguyen Trần=tran Lê Phạm=pham Hoàng Vũ Đặng=dang Bùi"),
    ("Ελένη=eleni Νίκος=nikos Μαρία=maria Γιώργος=giorgos Σοφία=sofia Κώστας=kostas Άννα=anna Πέτρος=petros", "Παπαδάκη=papadaki Γεωργίου=georgiou Νικολάου=nikolaou Οικονόμου=oikonomou Βασιλείου=vasileiou Λάμπρου=lamprou Αγγέλου=angelou Μάρκου=markou"),
    ("Yuki Haruto Sakura Ren Aoi Sota Hina Kaito", "Sato Suzuki Tanaka Watanabe Ito Nakamura Kobayashi Yamada"),
)  # fmt: skip

SOURCES = ("Career Site", "Indeed", "LinkedIn", "Referral", "Job Fair", "Agency", "Walk-in")
CITIES = ("Madrid", "Manchester", "Austin", "Lyon", "Leipzig", "Porto", "Łódź", "Lagos", "Pune")
LANGUAGES = ("English", "Spanish", "French", "German", "Polish", "Portuguese", "Hindi")
LABELS = ("Bilingual", "Can Start Now", "Night Shift", "Relocating", "Returning", "VIP Referral")
REJECT_REASONS = ("Lacks the experience", "No work permit", "Not available", "Withdrew")
OPENINGS = ("Warehouse Associate", "Customer Support Agent", "Registered Nurse", "Delivery Driver")
# How many of 100 candidates are in each default folder.
SHARES = {
    "Inbox": 46,
    "Completed": 12,
    "Shortlisted": 12,
    "On Hold": 6,
    "Hired": 5,
    "Rejected": 11,
    "No Response": 8,
}
# Numbers that regulators keep free for fiction, without their last three digits: Ofcom's drama
# numbers and the French 06 39 98. Others get 555-01xx behind an American area code.
PHONES = (
    "+447700900",
    "+442079460",
    "+441614960",
    "+33639980",
    "+33639981",
)
