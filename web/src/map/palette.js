/** The map's colours, one set for light and one for dark. Everything drawn on a map takes its colours from here. */

export const PALETTES = {
  light: {
    land: "#f3f1ec", grid: "#e2ded5", water: "#cfdfe3", green: "#e0e8d8", built: "#eae6de", building: "#e1dcd2",
    minor: "#ffffff", major: "#ffffff", motorway: "#f7e3b5", casing: "#dcd6ca", path: "#e4dfd5", rail: "#d3cdc2",
    name: "#6d6a62", halo: "#f8f6f2", place: "#3b3a36",
    rider: "#0a6b5c", riderInk: "#ffffff", stale: "#8d8a83", chosen: "#c2410c",
    trail: "#0a6b5c", area: "#0a6b5c", fence: "#3d5a98", draft: "#c2410c", alert: "#b42318", pickup: "#8a5a12", dropoff: "#20407a", cluster: "#0a6b5c",
  },
  dark: {
    land: "#14191a", grid: "#232b2c", water: "#0e2129", green: "#17221b", built: "#191f20", building: "#20282a",
    minor: "#2a3335", major: "#344042", motorway: "#4a4530", casing: "#101515", path: "#232b2c", rail: "#2b3436",
    name: "#9aa3a1", halo: "#14191a", place: "#d5dbd9",
    rider: "#4cc9ae", riderInk: "#06211c", stale: "#7b8482", chosen: "#fb923c",
    trail: "#4cc9ae", area: "#4cc9ae", fence: "#8ba6e6", draft: "#fb923c", alert: "#ff8d83", pickup: "#e3b15d", dropoff: "#8fb4ff", cluster: "#4cc9ae",
  },
};

export function currentPalette() {
  return PALETTES[matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"];
}
