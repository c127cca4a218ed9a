#include "log/ledger/note.h"

#include <openssl/evp.h>

#include <charconv>

#include "base/encoding.h"

namespace firebreak::ledger {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a space
constexpr std::size_t kMaxNoteBytes = 64 * 1024;
constexpr std::size_t kMaxSignatures = 64;

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* octets(ByteView view) { return reinterpret_cast<const unsigned char*>(view.data()); }

Bytes key_id(std::string_view name, ByteView public_key, KeyType type) {
  Bytes input(name);
  input += '\n';
  input += static_cast<char>(type);
  input += public_key;
  return Bytes(sha256(input).view().substr(0, 4));
}

struct KeyParts {
  std::string name;
  Bytes id;
  Bytes octets;  // after the type
};

// "<name>+<hex8>+<base64(type || 32 octets)>"; base64 may hold '+', so the first two count.
Result<KeyParts> parse_key_text(std::string_view text, std::string_view what, KeyType type) {
  const auto bad = [&](std::string_view why) {
    return fail(Code::kInvalid, std::string(what) + ": " + std::string(why));
  };
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return bad("must read <name>+<hex8>+<base64>");
  KeyParts parts;
  parts.name = std::string(text.substr(0, first));
  if (!is_key_name(parts.name)) return bad("the name is not printable ASCII without spaces");
  const std::string_view hex = text.substr(first + 1, second - first - 1);
  Result<Bytes> id = from_hex(hex);
  if (!id || id->size() != 4 || to_hex(*id) != hex) return bad("the key id is not 8 lower-case hex digits");
  Result<Bytes> key = from_base64(text.substr(second + 1));
  if (!key || key->size() != 33 || (*key)[0] != static_cast<char>(type))
    return bad(type == KeyType::kEd25519 ? "not an Ed25519 key (type 01, 32 octets)" : "not a witness' Ed25519 key (type 04, 32 octets)");
  parts.id = *id;
  parts.octets = key->substr(1);
  return parts;
}

Result<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() ||
      (text.size() > 1 && text[0] == '0'))
    return fail(Code::kInvalid, "'" + std::string(text) + "' is not a decimal number");
  return value;
}

// Cuts the first line off `text`; nothing when there is no LF.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

Result<NoteSignature> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kDash))
    return fail(Code::kInvalid, "a signature line does not start with an em dash");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return fail(Code::kInvalid, "a signature line has no signature");
  NoteSignature signature{std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
  if (!is_key_name(signature.name)) return fail(Code::kInvalid, "a signature line names no valid key");
  Result<Bytes> raw = from_base64(signature.signature);
  if (!raw || raw->size() < 5)
    return fail(Code::kInvalid, "a signature is not base64 of a key id and octets");
  return signature;
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  for (const char c : name) {
    if (c <= ' ' || c >= 0x7f || c == '+') return false;
  }
  return true;
}

std::string VerifierKey::text() const {
  return name + "+" + to_hex(id) + "+" + to_base64(Bytes(1, static_cast<char>(type)) + public_key);
}

VerifierKey make_vkey(std::string name, Bytes public_key, KeyType type) {
  Bytes id = key_id(name, public_key, type);
  return {std::move(name), std::move(id), std::move(public_key), type};
}

namespace {

Result<VerifierKey> parse_vkey_of(std::string_view text, KeyType type) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  FIREBREAK_ASSIGN(KeyParts parts, parse_key_text(text, "verifier key", type));
  VerifierKey key = make_vkey(std::move(parts.name), std::move(parts.octets), type);
  if (parts.id != key.id) return fail(Code::kInvalid, "verifier key: the key id does not belong to this name and key");
  return key;
}

}  // namespace

Result<VerifierKey> parse_vkey(std::string_view text) { return parse_vkey_of(text, KeyType::kEd25519); }
Result<VerifierKey> parse_witness_vkey(std::string_view text) { return parse_vkey_of(text, KeyType::kCosignature); }

Result<SigningKey> SigningKey::from_seed(const std::string& name, Bytes seed) {
  if (!is_key_name(name))
    return fail(Code::kInvalid, "key name '" + name + "' is not printable ASCII without spaces");
  SigningKey key;
  key.handle_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(seed), seed.size()),
                    EVP_PKEY_free);
  Bytes public_key(32, '\0');
  std::size_t length = public_key.size();
  if (!key.handle_ ||
      EVP_PKEY_get_raw_public_key(key.handle_.get(), reinterpret_cast<unsigned char*>(public_key.data()),
                                  &length) != 1)
    return fail(Code::kInternal, "OpenSSL refused an Ed25519 seed");
  key.seed_ = std::move(seed);
  key.verifier_ = make_vkey(name, std::move(public_key), KeyType::kEd25519);
  return key;
}

Result<SigningKey> SigningKey::generate(const std::string& name, Random& random) {
  return from_seed(name, random.bytes(32));
}

Result<SigningKey> SigningKey::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "PRIVATE+KEY+";
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!text.starts_with(kPrefix)) return fail(Code::kInvalid, "signing key: must start with PRIVATE+KEY+");
  FIREBREAK_ASSIGN(KeyParts parts, parse_key_text(text.substr(kPrefix.size()), "signing key", KeyType::kEd25519));
  FIREBREAK_ASSIGN(SigningKey key, from_seed(parts.name, std::move(parts.octets)));
  if (key.verifier_.id != parts.id)
    return fail(Code::kInvalid, "signing key: the key id does not belong to it");
  return key;
}

Result<SigningKey> SigningKey::load_or_create(Files& files, const Path& path, const std::string& name,
                                              Random& random) {
  Result<Bytes> stored = read_all(files, path);
  if (!stored && stored.error().code != Code::kNotFound) return fail(std::move(stored.error()));
  if (!stored) {
    FIREBREAK_ASSIGN(SigningKey key, generate(name, random));
    FIREBREAK_TRY(files.make_dir(parent_of(path)));
    FIREBREAK_TRY(write_atomic(files, path, key.text() + "\n"));
    return key;
  }
  Result<SigningKey> key = parse(*stored);
  if (!key) return fail(std::move(key.error()).with(path));
  if (key->verifier().name != name)
    return fail(Code::kInvalid,
                path + ": holds the key of '" + key->verifier().name + "', not of '" + name + "'");
  return key;
}

std::string SigningKey::text() const {
  return "PRIVATE+KEY+" + verifier_.name + "+" + to_hex(verifier_.id) + "+" +
         to_base64(Bytes(1, static_cast<char>(KeyType::kEd25519)) + seed_);
}

std::string SigningKey::sign(ByteView message) const {
  const ContextPtr context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Bytes signature(64, '\0');
  std::size_t length = signature.size();
  FIREBREAK_ASSERT(handle_ && context &&
                   EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_.get()) == 1);
  FIREBREAK_ASSERT(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                                  octets(message), message.size()) == 1 &&
                   length == 64);
  return to_base64(verifier_.id + signature);
}

bool verify_signature(const VerifierKey& verifier, ByteView message, std::string_view signature) {
  const Result<Bytes> raw = from_base64(signature);
  if (!raw || raw->size() != 68 || raw->substr(0, 4) != verifier.id) return false;
  const KeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(verifier.public_key),
                                               verifier.public_key.size()),
                   EVP_PKEY_free);
  const ContextPtr context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!key || !context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1)
    return false;
  return EVP_DigestVerify(context.get(), octets(*raw) + 4, 64, octets(message), message.size()) == 1;
}

std::string checkpoint_body(std::string_view origin, std::uint64_t size, const Digest& root) {
  return std::string(origin) + "\n" + std::to_string(size) + "\n" + to_base64(root.view()) + "\n";
}

std::string Checkpoint::body() const { return checkpoint_body(origin, size, root); }

std::string Checkpoint::text() const {
  std::string out = body() + "\n";
  for (const NoteSignature& signature : signatures)
    out += std::string(kDash) + signature.name + " " + signature.signature + "\n";
  return out;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto bad = [](std::string_view why) {
    return fail(Code::kInvalid, "checkpoint: " + std::string(why));
  };
  if (text.size() > kMaxNoteBytes) return bad("larger than 64 KiB");
  Checkpoint checkpoint;
  std::string_view origin, size, root, blank, line;
  if (!take_line(text, origin) || !take_line(text, size) || !take_line(text, root) || !take_line(text, blank))
    return bad("fewer than four lines");
  if (!blank.empty()) return bad("the fourth line is not empty (extension lines are refused)");
  if (!is_key_name(origin)) return bad("the origin is not printable ASCII without spaces");
  checkpoint.origin = std::string(origin);
  Result<std::uint64_t> number = parse_decimal(size);
  if (!number) return fail(std::move(number.error()).with("checkpoint: size"));
  checkpoint.size = *number;
  Result<Bytes> hash = from_base64(root);
  if (!hash || hash->size() != 32) return bad("the root is not base64 of 32 octets");
  checkpoint.root = Digest::from_bytes(*hash);
  while (take_line(text, line)) {
    if (checkpoint.signatures.size() == kMaxSignatures) return bad("more than 64 signatures");
    Result<NoteSignature> signature = parse_signature_line(line);
    if (!signature) return fail(std::move(signature.error()).with("checkpoint"));
    checkpoint.signatures.push_back(std::move(*signature));
  }
  if (!text.empty()) return bad("the last line has no line feed");
  if (checkpoint.signatures.empty()) return bad("no signature");
  return checkpoint;
}

Result<void> check_checkpoint(const Checkpoint& checkpoint, const VerifierKey& key) {
  if (checkpoint.origin != key.name)
    return fail(Code::kCorrupt,
                "checkpoint: origin '" + checkpoint.origin + "' is not the key's '" + key.name + "'");
  bool signed_by_key = false;
  for (const NoteSignature& signature : checkpoint.signatures) {
    const Result<Bytes> raw = from_base64(signature.signature);
    // Others' signatures (witnesses) are theirs to judge.
    if (signature.name != key.name || !raw || raw->substr(0, 4) != key.id) continue;
    if (!verify_signature(key, checkpoint.body(), signature.signature))
      return fail(Code::kCorrupt, "checkpoint: the signature of " + key.name + " does not verify");
    signed_by_key = true;
  }
  if (!signed_by_key) return fail(Code::kCorrupt, "checkpoint: not signed by " + key.text());
  return {};
}

}  // namespace firebreak::ledger
