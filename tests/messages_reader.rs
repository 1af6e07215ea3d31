//! The reader of the sentences in twenty languages, and the file itself.
//!
//! Including the module runs its own tests; the test here compares the data with its README.

#[path = "../examples/support/messages.rs"]
mod messages;

#[test]
fn the_sentences_are_what_their_readme_says() {
    let messages = messages::Messages::load().expect("the file of the examples");
    assert!(messages.languages.iter().all(|language| language.sentences.len() == 120));
    let names: Vec<&str> = messages.languages.iter().map(|language| language.name.as_str()).collect();
    assert_eq!(names.join(" "), "ca cs da de en es et fi fr ga hu id it lv nl pl pt sq sv tr");
    let text = messages.text(&messages.languages[4].sentences[0]);
    assert_eq!(text, "that page number is not an integer");
}
