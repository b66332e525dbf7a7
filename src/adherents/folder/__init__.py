"""The exchange folder: batches of files of the insurer come in, decisions and originals go out, for those who have SFTP."""
