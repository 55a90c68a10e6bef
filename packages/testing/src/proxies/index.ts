export { HttpFaultProxy, type HttpTarget } from './http-fault-proxy.js';
export { TcpFaultProxy, type Cut, type TrafficDirection, type ProxiedConnection } from './tcp-fault-proxy.js';
