import { ApiError, get, setToken, takeTokenFromAddress } from './api.js';
import { MarketChart } from './candles.js';
import { Completeness } from './completeness.js';
import { byId, element } from './elements.js';
import { History } from './history.js';
import { showState } from './overview.js';
import { listenForExplain, showSections, showSlow } from './sections.js';

const POLL_MS = 3_000;

/** @type {History | undefined} */
let past;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

async function poll() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const [overview, slow] = await Promise.all([get('overview'), get('slow')]);
    open();
    showState(overview);
    past?.add(overview);
    showSections(overview);
    showSlow(slow);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      askForToken(error.message);
      return;
    }
    showFailure(/** @type {Error} */ (error));
  }
  timer = setTimeout(poll, POLL_MS);
}

/** Shows the content once the first answer is there. */
function open() {
  byId('login').hidden = true;
  byId('content').hidden = false;
  if (past) return;
  past = new History();
  void new MarketChart().start();
  void new Completeness().load();
}

/** @param {string} reason */
function askForToken(reason) {
  byId('content').hidden = true;
  byId('login').hidden = false;
  byId('login-note').textContent = sessionStorage.length ? reason : 'It is kept until this tab is closed.';
  byId('token').focus();
}

/** @param {Error} error */
function showFailure(error) {
  byId('content').hidden = false;
  const verdict = byId('verdict');
  verdict.dataset.text = '';
  verdict.className = 'verdict bad';
  verdict.replaceChildren(
    element('strong', {}, 'No answer'),
    element('span', {}, `The service does not answer: ${error.message}. What follows is its last state.`),
  );
}

takeTokenFromAddress();
listenForExplain();
byId('login')
  .querySelector('form')
  .addEventListener('submit', (/** @type {Event} */ event) => {
    event.preventDefault();
    setToken(byId('token').value);
    void poll();
  });
document.addEventListener('visibilitychange', () => void poll());
void poll();
