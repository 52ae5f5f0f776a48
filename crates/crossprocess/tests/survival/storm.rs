pub fn is_victim() -> bool {
    false
}
pub fn victim() {}
pub fn run(_filter: Option<&str>) -> usize {
    0
}
