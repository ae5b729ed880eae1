export function closeConnections(): void
