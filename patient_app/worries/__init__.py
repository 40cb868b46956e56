"""What a supporter who worries tells the practice; the practice may always receive, and says nothing back."""
