"""Three small programs to start from: `ride.py` sends a rider's places, `follow.py` is a customer who watches an order,
`chat.py` a window to talk in. Each is run by a test as it stands.
"""
