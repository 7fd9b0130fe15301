"""Names of nobody: surnames from plants, stones, stars and winds; given names of many lands."""

_SURNAMES = """
    Acacia Alder Almond Amaranth Anise Apricot Arnica Aspen Azalea Bamboo Banyan Baobab Beech
    Bergamot Birch Borage Boxwood Bracken Bramble Burdock Buttercup Cactus Calendula Camellia
    Caraway Cardamom Catalpa Cedar Chestnut Chicory Cinnamon Citron Clematis Cloudberry Clover
    Columbine Coriander Cornflower Cowslip Crocus Cypress Dahlia Dogwood Edelweiss Elderflower
    Eucalyptus Fennel Foxglove Freesia Fuchsia Gardenia Gentian Ginkgo Gooseberry Gorse Harebell
    Hawthorn Hazelnut Hemlock Hibiscus Honeysuckle Hornbeam Hyacinth Jacaranda Juniper Larch
    Larkspur Lavender Lemongrass Lichen Lilac Linden Lotus Lupin Magnolia Mahogany Mangrove
    Marigold Mimosa Mistletoe Mulberry Oleander Orchid Papyrus Peony Pinecone Primrose Rosehip
    Rowan Saffron Sandalwood Sequoia Snowdrop Sorrel Spruce Sumac Tamarind Teasel Thistle Thyme
    Tulip Valerian Vanilla Verbena Wisteria Yarrow
    Agate Alabaster Amazonite Amber Amethyst Aquamarine Azurite Basalt Beryl Calcite Carnelian
    Chalcedony Cinnabar Citrine Cobalt Corundum Dolomite Feldspar Fluorite Galena Garnet Gneiss
    Granite Gypsum Hematite Jasper Kyanite Lapis Malachite Moonstone Obsidian Olivine Onyx Opal
    Peridot Pumice Pyrite Quartz Rhodonite Rutile Sapphire Selenite Serpentine Slate Spinel
    Sunstone Topaz Tourmaline Turquoise Zircon
    Achernar Acrux Albireo Aldebaran Algol Alioth Altair Antares Arcturus Bellatrix Betelgeuse
    Canopus Capella Castor Deneb Denebola Electra Fomalhaut Hadar Izar Kochab Markab Menkar Merak
    Mirach Mizar Nunki Polaris Pollux Procyon Regulus Rigel Sadalsuud Shaula Sirius Spica Thuban
    Vega Wezen
    Bora Chinook Harmattan Khamsin Levanter Meltemi Mistral Monsoon Pampero Scirocco Tramontana
    Zephyr
"""

_FEMALE = """
    Ada Agnes Aiko Alba Amara Amina Anouk Astrid Aurora Beatriz Bianca Brigid Camila Carmen Chiara
    Clara Daria Delphine Eleni Elif Elsa Esther Fatima Freya Gemma Greta Hana Helga Ingrid Irena
    Isolde Ivana Jadwiga Judith Kalina Katya Keiko Lakshmi Leila Linnea Livia Lucia Maeve Magda
    Malin Marisol Meera Mei Nadia Naomi Nora Olga Paloma Petra Priya Ronja Salma Saskia Signe Sofia
    Svea Tamar Thandi Ursula Vesna Yara Yuki Zofia Zuzana
"""

_MALE = """
    Abel Ahmed Akira Aldo Amadou Anders Anton Arjun Bastian Bjorn Bruno Carlo Cedric Chidi Cyril
    Dario Diego Dmitri Eamon Elias Emeka Emil Enzo Fabio Felix Ferdinand Gustav Hamid Harald Hugo
    Igor Ismael Ivan Jakob Jorge Joris Kaspar Kenji Khalid Knut Kofi Laszlo Leon Lorenzo Luca Magnus
    Marek Mateo Mehmet Milan Nils Omar Oskar Otto Pavel Pedro Quentin Rafael Ravi Rolf Rupert Samir
    Sergio Stefan Tadeo Tariq Theodor Tomas Viktor Vincent Yusuf Zoltan
"""

_NEUTRAL = """
    Addison Alexis Amari Andrea Angel Ariel Arin Aubrey Avery Blair Bao Cameron Charlie Chen Cleo
    Dakota Dana Devin Eden Eike Ellis Emerson Finley Frankie Gabriele Haru Hikaru Indigo Jamie Jiang
    Jocelyn Jules Kai Kamala Kerry Kim Kiran Kris Lennox Ling Logan Lou Luan Makoto Marlowe Micah
    Mika Morgan Nico Nikita Noor Oakley Palmer Parker Phoenix Quinn Reese Remy Riley Robin Rory Ryo
    Sage Sam Sasha Sidney Simone Skyler Sol Taylor Toni Tracy Uli Xian Yael Yannick
"""

SURNAMES = tuple(_SURNAMES.split())
FEMALE = tuple(_FEMALE.split())
MALE = tuple(_MALE.split())
NEUTRAL = tuple(_NEUTRAL.split())
