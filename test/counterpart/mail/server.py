"""aiosmtpd that takes mail after STARTTLS and AUTH alone, and writes each, as Python's own parser reads it, as a line of JSON."""
import email
import email.policy
import json
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP

port, certificate, key, out, password = int(sys.argv[1]), *sys.argv[2:6]


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with open(out, "a", encoding="utf-8") as file:
            file.write(json.dumps({
                "tls": session.ssl is not None, "user": session.auth_data.login.decode(), "from": envelope.mail_from, "to": envelope.rcpt_tos,
                "subject": mail["subject"], "message_id": mail["message-id"], "headers": len(mail.keys()), "defects": len(mail.defects), "text": mail.get_content(),
            }) + "\n")
        return "250 kept"


def check(server, session, envelope, mechanism, data):
    good = data.login == b"firebreak" and data.password == password.encode()
    return AuthResult(success=good, handled=False, auth_data=data)


class Place(Controller):
    def factory(self):
        return SMTP(self.handler, hostname="127.0.0.1", tls_context=context, require_starttls=True, auth_required=True, authenticator=check)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
Place(Keeper(), hostname="127.0.0.1", port=port).start()
threading.Event().wait()
