// Compare's prompt, word by word: a click makes a word a field; Enter puts the changed prompt into the box and presses
// the button that runs every model again, Escape or another word leaves things as they were.
(() => {
  let leave = () => {}, waiting;

  const open = (word) => {
    leave();
    const field = Object.assign(document.createElement('input'), {
      value: word.textContent, size: Math.max(3, word.textContent.length),
    });
    field.setAttribute('aria-label', word.getAttribute('aria-label'));
    word.replaceWith(field);
    field.focus();
    field.select();
    leave = () => field.replaceWith(word);
    field.addEventListener('keydown', (key) => {
      if (key.isComposing) return;
      if (key.key === 'Escape') { leave(); word.focus(); }
      if (key.key !== 'Enter') return;
      key.preventDefault();
      change(field, Number(word.dataset.start), Number(word.dataset.end));
    });
  };

  const change = (field, start, end) => {
    const letters = [...field.closest('[data-prompt]').dataset.prompt];
    letters.splice(start, end - start, field.value);
    const box = document.querySelector('#prompt textarea');
    box.value = letters.join('');
    box.dispatchEvent(new Event('input', { bubbles: true }));
    // The words are drawn again: whoever works by keyboard goes on from the same place.
    const drawn = new MutationObserver(() => {
      if (field.isConnected) return;
      drawn.disconnect();
      if (document.activeElement === document.body)
        document.querySelector(`.changing button[data-start="${start}"]`)?.focus({ preventScroll: true });
    });
    drawn.observe(document.getElementById('change'), { childList: true, subtree: true });
    clearTimeout(waiting);  // of several Enters the last one counts
    waiting = setTimeout(press, 60);  // once the page has taken the prompt over
  };

  const press = (tries = 3) => {
    const run = document.getElementById('run');
    if (run?.disabled) waiting = setTimeout(press, 100, tries);  // the models are still writing: once they have ended
    if (!run || run.disabled) return;
    // A run that starts locks its button. Right at the end of the one before, Gradio may drop the click.
    let again;
    const begun = new MutationObserver(() => { begun.disconnect(); clearTimeout(again); });
    begun.observe(run, { attributeFilter: ['disabled'] });
    run.click();
    again = waiting = setTimeout(() => { begun.disconnect(); if (tries > 1) press(tries - 1); }, 1000);
  };

  document.addEventListener('click', (event) => {
    const word = event.target.closest?.('.changing button[data-start]');
    if (word) open(word);
  });
})();
