"""Names for invented streets and districts: trees, flowers and winds, so that they belong to no one."""

TREES = (
    "Narra", "Acacia", "Molave", "Kamagong", "Yakal", "Ipil", "Talisay", "Banaba", "Balete", "Anahaw", "Apitong",
    "Dao", "Duhat", "Guijo", "Katmon", "Lauan", "Mabolo", "Mahogany", "Mango", "Pili", "Santol", "Tindalo", "Almaciga",
    "Bamboo", "Cypress", "Tamarind", "Teak", "Bangkal", "Bitaog", "Dapdap", "Malabulak", "Palosapis", "Supa", "Toog",
    "Amugis", "Bagtikan", "Dungon", "Kalumpit", "Lanete", "Nato", "Tiaong", "Ulayan",
)  # fmt: skip
FLOWERS = (
    "Sampaguita", "Rosal", "Dahlia", "Camia", "Santan", "Gumamela", "Kalachuchi", "Ilang-Ilang", "Adelfa", "Azucena",
    "Champaca", "Jasmine", "Lily", "Lotus", "Magnolia", "Orchid", "Waling-Waling", "Zinnia", "Begonia", "Cosmos",
    "Everlasting", "Hyacinth", "Iris", "Marigold", "Petunia", "Primrose", "Sunflower", "Tulip", "Verbena", "Violet",
    "Aster", "Anemone", "Carnation", "Daisy", "Freesia", "Gardenia", "Heather", "Lavender",
)  # fmt: skip
TOWN = "Puerto Amihan"
CREDIT = "Puerto Amihan is invented"
RIVER = "Hanging River"
BAY = "Bay of Amihan"
AVENUE = "Habagat Avenue"
RING = "Circle Road"
SEAFRONT = "Baywalk"
BANKS = ("North Embankment", "South Embankment")
DISTRICTS = ("Centro", "Paseo", "Bagong Silong", "Mataas", "Riverside", "Palengke")
SHOPS = (
    "Lola's Kitchen", "Green Basket", "Harvest Corner", "Kape at Tinapay", "Manok House", "Sariwa Market", "Pancit Bar",
    "Mango Grove", "Bay Grill", "Amihan Bakery", "Noodle Boat", "Rice & Roast",
)  # fmt: skip
