"""Writers: whatever writes text."""
