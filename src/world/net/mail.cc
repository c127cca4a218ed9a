#include "world/net/mail.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.h"

namespace firebreak::net {
namespace {

constexpr std::size_t kWord = 45;          // octets in one encoded word: 75 characters at most
constexpr std::size_t kLine = 57;          // octets in a line of base64: 76 characters
constexpr std::size_t kSubject = 900;
constexpr std::size_t kLongestAddress = 254;

bool is_plain(char c) { return c >= 32 && c <= 126; }

Result<void> check_address(std::string_view what, const std::string& address) {
  const std::size_t at = address.find('@');
  const bool fine = at != std::string::npos && at > 0 && at + 1 < address.size() && address.find('@', at + 1) == std::string::npos && address.size() <= kLongestAddress &&
                    std::all_of(address.begin(), address.end(), [](char c) { return c > 32 && c < 127 && std::strchr("<>()[],;:\\\"", c) == nullptr; });
  if (!fine) return fail(Code::kInvalid, fmt::format("'{}' is no mail address: name@host, ASCII without blanks and brackets", what));
  return {};
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t take = std::min(kWord, text.size());
    while (take > 1 && take < text.size() && (static_cast<unsigned char>(text[take]) & 0xC0) == 0x80) --take;  // not within a character
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", to_base64(text.substr(0, take)));
    text.remove_prefix(take);
  }
  return out;
}

std::string header_text(std::string text) {
  for (char& c : text)
    if (c == '\r' || c == '\n' || c == '\t') c = ' ';
  text = text.substr(0, kSubject);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80 && text.size() == kSubject) text.pop_back();
  const bool plain = text.size() <= 70 && std::all_of(text.begin(), text.end(), is_plain) && text.find("=?") == std::string::npos;
  return plain ? text : encoded_words(text);
}

// "Sat, 07 Mar 2026 04:00:00 +0000"
std::string mail_date(Time time) {
  constexpr const char* kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970-01-01 was a Thursday
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string iso = format_time({time.us - time.us % kSecond});
  return fmt::format("{}, {} {} {} {} +0000", kDays[(time.us / kDay) % 7], iso.substr(8, 2), kMonths[std::stoi(iso.substr(5, 2)) - 1], iso.substr(0, 4), iso.substr(11, 8));
}

struct Reading {
  std::string_view rest;
};

std::size_t read_some(char* to, std::size_t size, std::size_t count, void* from) {
  auto& rest = static_cast<Reading*>(from)->rest;
  const std::size_t take = std::min(size * count, rest.size());
  std::memcpy(to, rest.data(), take);
  rest.remove_prefix(take);
  return take;
}

std::size_t keep_line(char* data, std::size_t size, std::size_t count, void* to) {
  std::string line(data, size * count);
  while (!line.empty() && !is_plain(line.back())) line.pop_back();
  if (!line.empty() && !line.starts_with("221")) *static_cast<std::string*>(to) = line.substr(0, 300);  // not its good-bye
  return size * count;
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

int stop_if_cancelled(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; }

struct Easy {
  CURL* handle = curl_easy_init();
  curl_slist* to = nullptr;
  ~Easy() {
    curl_slist_free_all(to);
    curl_easy_cleanup(handle);
  }
};

}  // namespace

Result<std::string> mail_text(const Mail& mail) {
  FIREBREAK_TRY(check_address("from", mail.from));
  FIREBREAK_TRY(check_address("to", mail.to));
  FIREBREAK_TRY(check_address("message id", mail.message_id));
  std::string out = fmt::format("Date: {}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}>\r\n", mail_date(mail.date), mail.from, mail.to, header_text(mail.subject), mail.message_id);
  out += "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  for (std::string_view rest = mail.text; !rest.empty(); rest.remove_prefix(std::min(kLine, rest.size()))) out += to_base64(rest.substr(0, kLine)) + "\r\n";
  return out;
}

Result<MailReceipt> send_mail(const MailServer& server, const Mail& mail, const std::atomic<bool>& cancelled) {
  FIREBREAK_ASSIGN(const std::string text, mail_text(mail));
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  Easy easy;
  FIREBREAK_ASSERT(ready && easy.handle != nullptr);
  CURL* const curl = easy.handle;
  MailReceipt receipt;
  Reading reading{text};
  char problem[CURL_ERROR_SIZE] = "";
  easy.to = curl_slist_append(nullptr, fmt::format("<{}>", mail.to).c_str());
  const std::string from = fmt::format("<{}>", mail.from);
  curl_easy_setopt(curl, CURLOPT_URL, server.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(server.tls_required ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  if (!server.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, easy.to);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_some);
  curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_line);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receipt.answer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, server.timeout_us / 1'000)));
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_if_cancelled);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&cancelled));
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  receipt.status = static_cast<int>(status);
  const std::string why = problem[0] != '\0' ? problem : curl_easy_strerror(code);
  if (code == CURLE_OK) return receipt;
  if (code == CURLE_LOGIN_DENIED) return fail(Code::kUnauthorized, fmt::format("{}: the server does not take user and password: {}", server.url, receipt.answer));
  if (code == CURLE_OPERATION_TIMEDOUT) return fail(Code::kTimeout, fmt::format("{}: {}", server.url, why));
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) return fail(Code::kInvalid, fmt::format("{}: {}", server.url, why));
  if (receipt.status >= 400) return receipt;
  return fail(Code::kUnavailable, fmt::format("{}: {}", server.url, why));
}

}  // namespace firebreak::net
