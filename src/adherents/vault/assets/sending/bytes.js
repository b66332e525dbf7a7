// A file's bytes, and what they tell before anything is sent.
const parts = window.sending;

// Of its first bytes, which are enough.
parts.typeOf = (head) => {
  const text = String.fromCharCode(...head.subarray(0, 1024));
  if (text.includes("%PDF-")) return "application/pdf";
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.slice(4, 8) === "ftyp") return /avi[fs]/.test(text.slice(8, 40)) ? "image/avif" : "image/heic";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  return text.startsWith("II*\0") || text.startsWith("MM\0*") ? "image/tiff" : "";
};

parts.headOf = async (file) => new Uint8Array(await file.slice(0, 1024).arrayBuffer());

// The whole file, read once and kept until it has arrived: a cloud drive may not give it twice, and a file may change while it
// goes. Rejects where the device cannot read it.
const readOnce = async (file) => {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return { bytes, blob: new Blob([bytes], { type: file.type }) };
};

// "" on a page without a secure context: the browser counts nothing there.
const digest = async (bytes) => {
  if (!window.crypto?.subtle) return "";
  const made = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(made)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
};

// Why an entry's file cannot go; "" once its bytes are here.
parts.read = async (entry, { mostBytes, types }) => {
  try {
    const { bytes, blob } = await readOnce(entry.file);
    entry.size = bytes.byteLength;
    if (!entry.size) return "empty";
    if (entry.size > mostBytes) return "too_large";
    if (!types.includes(parts.typeOf(bytes))) return "format";
    entry.sha256 = await digest(bytes);
    entry.blob = blob;
    return "";
  } catch {
    entry.isGone = true;
    return "unreadable";
  }
};
