// Conversations stay in this browser, one entry of its storage for each, so that two windows do not overwrite one
// another's. Which of them a window shows is known to that window alone, and survives its reload.
window.gptlineageChats = (() => {
  const PREFIX = 'gptlineage.chat.', CURRENT = 'gptlineage.current', MOST = 50;
  const attempt = (action, otherwise) => { try { return action(); } catch (error) { return otherwise; } };

  const current = () => attempt(() => sessionStorage.getItem(CURRENT), null) || begin();
  const begin = (id = `${Date.now()}-${Math.random().toString(36).slice(2)}`) => {
    attempt(() => sessionStorage.setItem(CURRENT, id));
    return id;
  };
  const read = (id) => attempt(() => JSON.parse(localStorage.getItem(PREFIX + id)), null);
  const all = () => attempt(() => Object.keys(localStorage), [])
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => ({ id: key.slice(PREFIX.length), ...read(key.slice(PREFIX.length)) }))
    .filter((talk) => talk.messages?.length)
    .sort((one, other) => other.at - one.at);
  const remove = (id) => attempt(() => localStorage.removeItem(PREFIX + id));
  const plain = (content) => typeof content === 'string' ? content : (content ?? []).map((block) => block.text ?? '').join('');

  return {
    // What is shown is kept, whatever changed it; an empty page leaves what was kept alone.
    keep(history, model, system) {
      const messages = (history ?? []).map(({ role, content }) => ({ role, content: plain(content) }));
      if (!messages.length) return;
      const id = current(), talk = JSON.stringify({ at: Date.now(), model, system, messages });
      if (JSON.stringify(read(id)?.messages) === JSON.stringify(messages)) return;  // only looked at again
      attempt(() => localStorage.setItem(PREFIX + id, talk));
      all().slice(MOST).forEach((old) => remove(old.id));
    },
    // Everything that the page needs to show: the window's conversation, and what the others begin with.
    state(id) {
      const shown = id ? begin(id) : current();
      const others = all().map(({ id, messages }) => ({
        id, title: messages.find(({ role }) => role === 'user')?.content.slice(0, 80) ?? '',
      }));
      return JSON.stringify({ current: shown, talk: read(shown), others });
    },
    fresh() { begin(); },
    forget() { remove(current()); begin(); },
  };
})();
