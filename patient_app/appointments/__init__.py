"""Appointments: whom a person meets, when and where, whether it took place, and what they want to raise there."""
