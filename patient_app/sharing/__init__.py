"""The patient's pages about sharing: who sees what, giving and ending consent, supporters, and who has looked."""
