// What was told to one audience of one incident, by a link of their own. The secret stands behind # in the address: it goes to no log.
const secret = location.hash.slice(1);
const show = (id, text) => { document.getElementById(id).textContent = text; };

function paragraph(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

async function refresh() {
  const response = await fetch('/api/v1/stakeholder', {headers: {Authorization: `Bearer ${secret}`}, cache: 'no-store'});
  const document_ = await response.json();
  if (!response.ok) {
    show('state', 'This link opens nothing');
    show('next', document_.detail || '');
    return;
  }
  show('state', [document_.severity, document_.incident, document_.state].filter(Boolean).join(' · '));
  show('next', document_.next_update ? `Next word by ${document_.next_update}` : '');
  const box = document.getElementById('messages');
  box.replaceChildren(...document_.messages.map((message) => {
    const article = document.createElement('article');
    article.append(paragraph('h3', message.subject), paragraph('p', message.time));
    for (const line of message.text.split('\n\n')) article.append(paragraph('p', line));
    return article;
  }));
  if (document_.messages.length === 0) box.append(paragraph('p', 'Nothing yet.'));
}

const keep = () => refresh().catch(() => show('next', 'The server does not answer; this page asks again.'));
keep();
setInterval(keep, 30000);
