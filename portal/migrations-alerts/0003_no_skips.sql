-- How many numbers of a stream never come, and why, its own row says; which ones nobody asked, and each took a row for ever.
DROP TABLE skips;
