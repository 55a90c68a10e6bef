import { byId, element } from './elements.js';
import { count, duration, instant, percent } from './format.js';

/** Shows whether the data layer is well, and if not, where. @param {any} overview */
export function showState({ at, live, health, degradations, performance, measured }) {
  const isWell = live && health.ready && degradations.length === 0;
  const [tone, title] = !live
    ? ['bad', 'Closed']
    : !health.ready
      ? ['bad', 'Not ready']
      : isWell
        ? ['good', 'All is well']
        : [
            'warn',
            `Ready, degraded by ${degradations.length === 1 ? 'one cause' : `${degradations.length} causes`}`,
          ];
  const verdict = byId('verdict');
  const content = [
    element('strong', {}, title),
    degradations.length === 0
      ? element('span', {}, 'Live and ready, nothing is degraded.')
      : element('ul', {}, ...degradations.map(reasonItem)),
  ];
  // The same state is not announced again.
  const text = content.map(({ textContent }) => textContent).join();
  if (verdict.dataset.text !== text) {
    verdict.dataset.text = text;
    verdict.className = `verdict ${tone}`;
    verdict.replaceChildren(...content);
  }
  const letters = /** @type {any} */ (health).pausedDeliveries?.length ?? 0;
  const figures = [
    ['Ready', health.ready ? 'yes' : 'no', health.ready ? 'good-text' : 'bad-text'],
    ['Live', live ? 'yes' : 'no', live ? 'good-text' : 'bad-text'],
    ['Store', health.clickhouseHealthy ? 'answers' : 'no answer', health.clickhouseHealthy ? '' : 'bad-text'],
    ['Cache', health.redisHealthy ? 'answers' : 'no answer', health.redisHealthy ? '' : 'bad-text'],
    ['p95 of calls', duration(performance.queryLatencyP95), ''],
    ['Failed calls', percent(performance.errorRate), performance.errorRate > 0.01 ? 'warn-text' : ''],
    ['Cache hit rate', percent(performance.cacheHitRate), ''],
    ['In the journal', count(measured.backlog.journaledBlocks), letters > 0 ? 'bad-text' : ''],
  ];
  byId('figures').replaceChildren(
    ...figures.map(([name, value, tone]) =>
      element('div', {}, element('dt', {}, name), element('dd', tone ? { class: tone } : {}, value)),
    ),
  );
  byId('updated').textContent = `${instant(at)} UTC`;
}

/** @param {{ reason: string, section: string }} degradation */
const reasonItem = ({ reason, section }) =>
  element('li', {}, `${reason} `, element('a', { href: `#${section}` }, `See ${section}`));
