// A mail to one address over SMTP (libcurl): RFC 5321, message as RFC 5322 with UTF-8 text.
//
// Promise: nothing in subject, text or addresses can add a header, another recipient or end the message early: line ends in a subject
// become blanks, whatever is not printable ASCII is encoded (RFC 2047), the text goes as base64, an address with anything unusual is
// refused. The same `message_id` for each try, so that a receiver can tell that it has it already.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace firebreak::net {

struct MailServer {
  std::string url;                       // smtp://host:port, or smtps:// for TLS from the first octet
  std::string user, password;            // empty: no AUTH
  std::string ca_file;                   // vouches for the server instead of the system's certificates
  bool tls_required = true;              // smtp://: no word before STARTTLS; false: in the clear when the server offers none
  std::int64_t timeout_us = 20'000'000;  // of the whole
};

struct Mail {
  std::string from, to, subject, text, message_id;  // message_id: without < and >
  Time date;
};

struct MailReceipt {
  int status = 0;       // of the last reply: 250; 4xx: later; 5xx: never
  std::string answer;   // the server's last line
};

// kInvalid: an address or a message id that is none, with what is wrong.
Result<std::string> mail_text(const Mail& mail);

// Any reply of the server is a receipt. Errors: kUnavailable (no connection, broken off, no TLS), kTimeout, kUnauthorized (AUTH), kInvalid.
// When `cancelled` becomes true it ends within about a second with kUnavailable.
Result<MailReceipt> send_mail(const MailServer& server, const Mail& mail, const std::atomic<bool>& cancelled);

}  // namespace firebreak::net
