export { dashboard, type DashboardParts } from './dashboard/dashboard.js';
export { createService, type Service, type ServiceParts } from './create-service.js';
export type { Area } from './http/areas.js';
