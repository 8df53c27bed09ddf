// Compare's prompt, word by word: a click makes a word a field; Enter puts the changed prompt into the box and presses
// the button that runs every model again, Escape leaves things as they were.
document.addEventListener('click', (event) => {
  const word = event.target.closest?.('.changing button[data-start]');
  if (!word) return;
  const field = Object.assign(document.createElement('input'), {
    value: word.textContent, size: Math.max(3, word.textContent.length),
  });
  field.setAttribute('aria-label', word.getAttribute('aria-label'));
  word.replaceWith(field);
  field.focus();
  field.select();
  const leave = () => { if (field.isConnected) { field.replaceWith(word); word.focus(); } };
  field.addEventListener('blur', () => setTimeout(leave));
  field.addEventListener('keydown', (key) => {
    if (key.isComposing) return;
    if (key.key === 'Escape') leave();
    if (key.key !== 'Enter') return;
    key.preventDefault();
    const letters = [...field.closest('[data-prompt]').dataset.prompt];
    letters.splice(Number(word.dataset.start), Number(word.dataset.end) - Number(word.dataset.start), field.value);
    const box = document.querySelector('#prompt textarea');
    box.value = letters.join('');
    box.dispatchEvent(new Event('input', { bubbles: true }));
    setTimeout(() => document.getElementById('run')?.click(), 60);  // once the page has taken it over
  });
});
