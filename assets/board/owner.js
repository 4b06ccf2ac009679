// Where several people share a studio, every request says whose it is: by a key that this browser makes once and keeps.
// Whoever has the key has the drafts, so it goes nowhere but to the studio.

const OWNER = "longwriter.owner";

function ownerKey() {
  try {
    const kept = localStorage.getItem(OWNER);
    if (kept) return kept;
  } catch {
    // No storage here: the key lasts as long as the page.
  }
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const key = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  try {
    localStorage.setItem(OWNER, key);
  } catch {
    // As above.
  }
  return key;
}

if (PUBLIC) {
  const key = ownerKey();
  const plain = window.fetch.bind(window);
  window.fetch = (input, init = {}) => {
    const address = new URL(input instanceof Request ? input.url : input, location.href);
    if (address.origin !== location.origin) return plain(input, init);
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
    headers.set("X-LongWriter-Owner", key);
    return plain(input, { ...init, headers });
  };
}
